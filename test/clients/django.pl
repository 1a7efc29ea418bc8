#!/usr/bin/env perl
#
# Django: inspectdb's models of the views that doc/recipes.md has for an ORM.

use strict;
use warnings;

use DbaasClient;
use Test::More;

my $client = DbaasClient->new('/usr/bin/python3', '-P', 'test/clients/django.py');

open my $page, '<', 'doc/recipes.md' or die "doc/recipes.md: $!";
my ($views) = join('', <$page>) =~ /^### An ORM\n.*?^```sql\n(CREATE VIEW.*?)^SELECT plan/ms
  or die 'no views in doc/recipes.md';
close $page;
$client->test->sql($views);

my $service = 'PUT ch-gva-2 /dbaas-kafka/kafka-1-0003';

my ($status, $models) = $client->run('inspectdb');
is($status, 0, 'inspectdb: ends well');
my %fields = reverse $models =~ /^    (\w+) = models\.(\w+)/mg;
is( join(' ', sort keys %fields),
	'BooleanField JSONField TextField',
	'inspectdb: the types of the fields');
is(scalar(() = $models =~ /^\s+managed = False/mg), 2, 'inspectdb: both views have a model');
$ENV{MODELS} = "$ENV{TESTDATADIR}/models.py";
open my $file, '>', $ENV{MODELS} or die "$ENV{MODELS}: $!";
print $file $models;
close $file;

$client->does('get', reads => 1, said => <<'END');
ch-gva-2 kafka-1-0003 startup-4 False
END
$client->does('filter', reads => 2, said => <<'END');
pg-1-0001
pg-1-0009
2
END
$client->does(
	'save',
	reads => [ 2, 5 ],
	writes => [qq{$service {"termination-protection":true}}],
	said => '');
$client->does(
	'save_update_fields',
	reads => [ 2, 5 ],
	writes => [qq{$service {"plan":"business-4"}}],
	said => '');
$client->does(
	'save_settings',
	reads => [ 2, 6 ],
	writes => [qq{$service {"ip-filter":["192.0.2.0/24"]}}],
	said => '');
$client->does('save_unchanged', reads => [ 2, 3 ], said => '');
$client->does(
	'delete',
	reads => [ 2, 5 ],
	writes => ['DELETE ch-gva-2 /dbaas-service/kafka-1-0003'],
	said => <<'END');
1
END
$client->does('create', reads => [ 0, 2 ], said => <<'END');
cannot insert into column "key" of view "services"
END

done_testing();
