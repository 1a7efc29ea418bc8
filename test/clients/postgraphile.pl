#!/usr/bin/env perl
#
# PostGraphile, which is told the keys in smart comments.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client = DbaasClient->new('node', 'test/clients/postgraphile.js');
$client->test->sql(q{COMMENT ON FOREIGN TABLE exo.dbaas_services IS '@primaryKey zone,name'});

$client->does('introspection', reads => 0, said => <<'END');
true
dbaasServiceByZoneAndName dbaasService
END
$client->does('condition', reads => 1, said => <<'END');
{"nodes":[{"name":"pg-1-0001","plan":"startup-4"},{"name":"pg-1-0009","plan":"business-8"}]}
END
$client->does('key', reads => 1, said => <<'END');
{"name":"pg-1-0001","plan":"startup-4"}
END
$client->does(
	'mutation',
	reads => [ 1, 4 ],
	writes => ['PUT ch-gva-2 /dbaas-kafka/kafka-1-0003 {"termination-protection":true}'],
	said => <<'END');
{"dbaasService":{"name":"kafka-1-0003","terminationProtection":true}}
END
$client->does('error', reads => 0, said => <<'END');
HV00L column "id" of foreign table "dbaas_operations" has to be given
END

done_testing();
