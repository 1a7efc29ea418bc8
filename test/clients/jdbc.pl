#!/usr/bin/env perl
#
# JDBC.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client =
  DbaasClient->new(qw(java -Xshare:auto -XX:TieredStopAtLevel=1 -cp /usr/share/java/postgresql.jar),
	'test/clients/jdbc.java');

my @databases =
  map { qq{POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"$_"}} } qw(shop wiki);

$client->does('metadata', reads => 0, said => <<'END');
true
true
zone text 12
service_name text 12
type text 12
version text 12
host text 12
port int8 -5
uri text 12
ip_filter _text 2003
END
$client->does('prepared', reads => 12, said => 'startup-4 business-8 ' x 5 . <<'END');
startup-4 business-8
true
END
$client->does('cursor', reads => [ 1, 2 ], said => <<'END');
15
END
$client->does('rollback', reads => 1, said => <<'END');
[1, 1]
END
$client->does('batch', reads => [ 1, 3 ], writes => \@databases, said => <<'END');
[1, 1]
END
$client->does(
	'update',
	reads => [ 1, 4 ],
	writes => ['PUT ch-gva-2 /dbaas-kafka/kafka-1-0003 {"termination-protection":true}'],
	said => <<'END');
1
END
$client->does('error', reads => 0, said => <<'END');
HV00L
column "id" of foreign table "dbaas_operations" has to be given
For example: SELECT * FROM exo.dbaas_operations WHERE id = '11111111-2222-4333-8444-555555555555';
dbaas_operations
END

done_testing();
