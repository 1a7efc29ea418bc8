#!/usr/bin/env perl
#
# psycopg 3.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client = DbaasClient->new('/usr/bin/python3', '-P', 'test/clients/psycopg.py');

$client->does('parameters', reads => 2, said => <<'END');
mysql-1-0002 1 False 2025-12-31 21:38:56+00:00 []
pg-1-0001 1 False 2025-12-31 22:24:05+00:00 []
mysql-1-0002 1 False 2025-12-31 21:38:56+00:00 []
pg-1-0001 1 False 2025-12-31 22:24:05+00:00 []
END
$client->does('types', reads => 2, said => <<'END');
list dict datetime int
END
$client->does('cursor', reads => [ 1, 2 ], said => <<'END');
15 True
END
$client->does('rollback', reads => 1, said => <<'END');
2 rows
END
$client->does(
	'commit',
	reads => [ 1, 3 ],
	writes => [
		map { qq{POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"$_"}} }
		  qw(shop wiki)
	],
	said => <<'END');
2 rows
END
$client->does('copy', reads => 1, said => <<'END');
de-fra-1 pg-2-0001 business-8
de-fra-1 pg-2-0009 startup-4
de-fra-1 pg-2-0017 hobbyist-2
END
$client->does('error', reads => 0, said => <<'END');
FdwUnableToCreateExecution HV00L
column "id" of foreign table "dbaas_operations" has to be given
For example: SELECT * FROM exo.dbaas_operations WHERE id = '11111111-2222-4333-8444-555555555555';
exo dbaas_operations
END

done_testing();
