#!/usr/bin/env perl
#
# SQLAlchemy: reflection, and classes that are mapped.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client = DbaasClient->new('/usr/bin/python3', '-P', 'test/clients/sqlalchemy.py');
$client->test->sql(q{SELECT FROM dbaas_fdw_views('exo')});

$client->does('reflect', reads => 0, said => <<'END');
True
1
[]
TEXT() BIGINT() ARRAY(TEXT()) JSONB(astext_type=Text())
END
$client->does('where', reads => 1, said => <<'END');
mysql-1-0002 hobbyist-2
mysql-1-0010 hobbyist-2
END
$client->does(
	'update',
	reads => [ 2, 4 ],
	writes => ['PUT ch-gva-2 /dbaas-kafka/kafka-1-0003 {"termination-protection":true}'],
	said => <<'END');
True
END
$client->does('rollback', reads => [ 2, 4 ], said => <<'END');
False
END
$client->does(
	'insert_and_delete',
	reads => [ 2, 8 ],
	writes => [
		'POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"shop"}',
		'DELETE ch-gva-2 /dbaas-postgres/pg-1-0001/database/shop'
	],
	said => <<'END');
shop
END

done_testing();
