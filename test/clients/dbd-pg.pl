#!/usr/bin/env perl
#
# DBD::Pg.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client = DbaasClient->new('/usr/bin/perl', 'test/clients/dbd-pg.perl');

$client->does('select', reads => 2, said => <<'END');
startup-4 1
business-8 2
END
$client->does('info', reads => 0, said => <<'END');
exo dbaas_services FOREIGN TABLE
zone text -1
service_name text -1
type text -1
version text -1
host text -1
port bigint -5
uri text -1
ip_filter text[] 0
END
$client->does('rollback', reads => 1, said => <<'END');
1
1
END
$client->does(
	'insert',
	reads => [ 1, 3 ],
	writes => [
		map { qq{POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"$_"}} }
		  qw(shop wiki)
	],
	said => <<'END');
1
1
END
$client->does('error', reads => 0, said => <<'END');
HV00L
column "id" of foreign table "dbaas_operations" has to be given
For example: SELECT * FROM exo.dbaas_operations WHERE id = '11111111-2222-4333-8444-555555555555';
dbaas_operations
END

done_testing();
