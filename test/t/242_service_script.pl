# examples/service.sql: the life of a service in SQL. Each request is what the
# API's document asks for: the document itself where it is at hand, or else
# what the simulator took over from it.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 2, logs => 1, running_time => 300, operation_time => 50);
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# The operations: method, path, and the schemas of parameters and body
my $file = $ENV{DBAAS_OPENAPI} // "$ENV{TESTDIR}/../shared/api/openapi-dbaas.json";
my ($document, @operations);
if (open my $handle, '<', $file)
{
	$document = $json->decode(do { local $/; <$handle> });
	foreach my $path (keys %{ $document->{paths} })
	{
		foreach my $method (keys %{ $document->{paths}{$path} })
		{
			my $operation = $document->{paths}{$path}{$method};
			push @operations,
			  {
				method => uc $method,
				path => $path,
				parameters => [ grep { $_->{in} eq 'path' } @{ $operation->{parameters} // [] } ],
				body => $operation->{requestBody}
				  && $operation->{requestBody}{content}{'application/json'}{schema}
			  };
		}
	}
}
else
{
	@operations = @{ $json->decode(scalar qx{"$ENV{TESTDIR}/sim/dbaas-sim" --describe}) };
}

sub resolve
{
	my ($schema) = @_;
	my ($name) = ($schema->{'$ref'} // return $schema) =~ m{([^/]+)$};
	return resolve($document->{components}{schemas}{$name});
}

# What is wrong with a value, by a schema
sub complaints
{
	my ($value, $schema, $where) = @_;
	$schema = resolve($schema);
	my $type = $schema->{type} // 'object';
	return () if !defined $value && $schema->{nullable};
	return "$where is null" if !defined $value;
	return "$where is not one of its values"
	  if $schema->{enum} && !grep { $_ eq $value } @{ $schema->{enum} };
	if ($type eq 'object')
	{
		return "$where is no object" if ref $value ne 'HASH';
		my $properties = $schema->{properties};
		return (
			(map { exists $value->{$_} ? () : "$where lacks $_" } @{ $schema->{required} // [] }),
			map {
					$properties->{$_} ? complaints($value->{$_}, $properties->{$_}, "$where.$_")
				  : $properties       ? "$where has $_"
				  : ()
			} sort keys %$value);
	}
	if ($type eq 'array')
	{
		return "$where is no array" if ref $value ne 'ARRAY';
		return map { complaints($value->[$_], $schema->{items}, "$where\[$_]") } 0 .. $#$value;
	}
	return "$where is no $type" if $type eq 'boolean' ? !JSON::PP::is_bool($value) : ref $value;
	return "$where is no string" if $type eq 'string' && $json->encode($value) !~ /^"/;
	return "$where is no integer" if $type eq 'integer' && $json->encode($value) !~ /^-?\d+$/;
	return "$where is too short"
	  if defined $schema->{minLength} && length $value < $schema->{minLength};
	return "$where is too long"
	  if defined $schema->{maxLength} && length $value > $schema->{maxLength};
	return "$where is too small" if defined $schema->{minimum} && $value < $schema->{minimum};
	return "$where is too large" if defined $schema->{maximum} && $value > $schema->{maximum};
	return ();
}

# What is wrong with a request
sub wrong
{
	my ($request) = @_;
	my $body = $request->{body} // '';
	foreach my $operation (
		sort { $a->{path} =~ tr/{// <=> $b->{path} =~ tr/{// }
		grep { $_->{method} eq $request->{method} } @operations)
	{
		my $pattern = $operation->{path} =~ s/\{.*?\}/([^\/]+)/gr;
		my @values = $request->{path} =~ m{^$pattern$} or next;
		my @names = $operation->{path} =~ /\{(.*?)\}/g;
		my %schema = map { $_->{name} => $_->{schema} } @{ $operation->{parameters} };
		my @wrong = map {
			complaints(
				$values[$_] =~ s/%([0-9A-F]{2})/chr hex $1/ger,
				$schema{ $names[$_] },
				$names[$_])
		} 0 .. $#names;
		push @wrong, 'query arguments' if ($request->{query} // '') ne '';
		push @wrong, 'a body' if $body ne '' && !$operation->{body};
		push @wrong, 'no body' if $body eq '' && $operation->{body};
		push @wrong, complaints($json->decode($body), $operation->{body}, 'body')
		  if $body ne '' && $operation->{body};
		return @wrong;
	}
	return 'it is not documented';
}

# The check finds what is wrong
foreach my $case (
	[ 'POST', '/dbaas-postgres/x', '{"plan":"startup-4"}', '' ],
	[ 'POST', '/dbaas-postgres/x', '{}', 'body lacks plan' ],
	[ 'POST', '/dbaas-postgres/x', '{"plan":5}', 'body.plan is no string' ],
	[ 'POST', '/dbaas-postgres/x', '{"plan":"p","plam":1}', 'body has plam' ],
	[
		'POST',
		'/dbaas-postgres/x',
		'{"plan":"p","termination-protection":"false"}',
		'body.termination-protection is no boolean'
	],
	[
		'POST', '/dbaas-postgres/x',
		'{"plan":"p","ip-filter":[1]}', 'body.ip-filter[0] is no string'
	],
	[
		'POST', '/dbaas-postgres/x',
		'{"plan":"p","maintenance":{"dow":"sunday"}}', 'body.maintenance lacks time'
	],
	[
		'POST',
		'/dbaas-postgres/x',
		'{"plan":"p","backup-schedule":{"backup-hour":24}}',
		'body.backup-schedule.backup-hour is too large'
	],
	[ 'POST', '/dbaas-postgres/x', '', 'no body' ],
	[ 'POST', '/dbaas-pg/x', '{"plan":"p"}', 'it is not documented' ],
	[ 'DELETE', '/dbaas-service/x', '', '' ],
	[ 'DELETE', '/dbaas-service/x', '{}', 'a body' ])
{
	my ($method, $path, $body, $expected) = @$case;
	is(join(', ', wrong({ method => $method, path => $path, body => $body })),
		$expected, "the check of $method $path $body");
}

$t->sql('SELECT count(*) FROM exo.dbaas_services');
$t->sim->clear;
my ($status, $stdout, $stderr) = $t->node->psql('postgres', undef,
	extra_params => [ '-f', "$ENV{TESTDIR}/examples/service.sql", '-v', 'zone=de-fra-1' ]);
is($status, 0, 'the script runs') or diag($stderr);
my @sent = $t->sim->requests;

is( join("\n", map { "$_->{method} $_->{path}: " . join ', ', wrong($_) } grep { wrong($_) } @sent),
	'',
	'each request is what the document asks for');
is(scalar(grep { $_->{status} != 200 } @sent), 0, 'and is accepted');
is(scalar(grep { ($_->{zone} // '') ne 'de-fra-1' && $_->{path} ne '/zone' } @sent),
	0, 'one zone is asked');

# What it wrote, in order; a PUT carries the backup schedule that the service was made with
my @schedule = ('backup-schedule' => { 'backup-hour' => 4, 'backup-minute' => 52 });
my $at = '/dbaas-postgres/example-pg';
is_deeply(
	[
		map {
			[
				$_->{method}, $_->{path},
				($_->{body} // '') eq '' ? undef : $json->decode($_->{body})
			]
		} grep { $_->{method} ne 'GET' } @sent
	],
	[
		[
			'POST', $at,
			{
				plan => 'startup-4',
				version => '16',
				maintenance => { dow => 'sunday', time => '03:00:00' },
				'termination-protection' => JSON::PP::false
			}
		],
		[ 'PUT', $at, { 'ip-filter' => ['192.0.2.7/32'], @schedule } ],
		[ 'POST', "$at/database", { 'database-name' => 'app' } ],
		[ 'POST', "$at/user", { username => 'app' } ],
		[
			'POST',
			"$at/connection-pool",
			{
				name => 'app-pool',
				'database-name' => 'app',
				mode => 'transaction',
				size => 10,
				username => 'app'
			}
		],
		[ 'PUT', $at, { plan => 'business-4', @schedule } ],
		[ 'DELETE', '/dbaas-service/example-pg', undef ]
	],
	'what it writes');

# And what it saw
is( $stdout,
	join("\n",
		'de-fra-1|example-pg|startup-4|running|1',
		'16|example-pg.de-fra-1.dbaas.example|21699|'
		  . 'postgres://avnadmin:***@example-pg.de-fra-1.dbaas.example:21699/'
		  . 'defaultdb?sslmode=require|{192.0.2.7/32}',
		'app|app|normal',
		'app|avnadmin|primary',
		'defaultdb|app|normal',
		'defaultdb|avnadmin|primary',
		'app-pool|app|transaction|10|app',
		'example-pg|business-4|running|2',
		'example-pg-1|master|running',
		'example-pg-2|standby|running',
		'0'),
	'what it shows: a new service has no backups yet');

is($t->sql(q{SELECT count(*) FROM exo.dbaas_services}), 6, 'nothing is left of it');
is($t->sql(q{SELECT 'wait=running' = ANY (srvoptions) FROM pg_foreign_server}),
	'f', 'and the server is as it was');
done_testing();
