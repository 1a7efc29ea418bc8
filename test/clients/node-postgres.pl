#!/usr/bin/env perl
#
# node-postgres, with cursors.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client = DbaasClient->new('node', 'test/clients/node-postgres.js');

$client->does('parameters', reads => 2, said => <<'END');
pg-1-0001 2025-12-31T22:24:05.000Z 192.0.2.0/24,198.51.100.7/32 object
END
$client->does('cursor', reads => [ 1, 2 ], said => <<'END');
10 true
END
$client->does('rollback', reads => 1, said => <<'END');
1
1
END
$client->does(
	'commit',
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
