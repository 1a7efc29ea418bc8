#!/usr/bin/env perl
#
# ODBC, from Python.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client = DbaasClient->new('/usr/bin/python3', '-P', 'test/clients/odbc.py');
my @update = ('PUT ch-gva-2 /dbaas-kafka/kafka-1-0003 {"termination-protection":true}');

$client->does('tables', reads => 0, said => <<'END');
True FOREIGN TABLE
zone text -10
service_name text -10
type text -10
version text -10
host text -10
port int8 -5
uri text -10
ip_filter _text -9
END
$client->does('select', reads => 2, said => <<'END');
startup-4 1 2025-12-31 22:24:05
business-8 2 2025-12-31 22:09:38
END
$client->does('update', reads => [ 1, 4 ], writes => \@update, said => <<'END');
1
END
$client->does('rollback', reads => 1, said => <<'END');
1
END
$client->does('error', reads => [ 1, 4 ], writes => \@update, said => <<'END');
1
HV00L
[HV00L] ERROR: column "id" of foreign table "dbaas_operations" has to be given
END

done_testing();
