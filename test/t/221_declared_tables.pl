# Tables over any path: one over every GET that the simulator serves shows what the API says.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 16, logs => 1, conf => "log_statement = 'all'\n");
my $session = $t->session;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $described = $json->decode(scalar qx{"$ENV{TESTDIR}/sim/dbaas-sim" --describe});
my @gets = grep { $_->{method} eq 'GET' && $_->{served} } @$described;
cmp_ok(scalar(@gets), '>', 30, 'the simulator serves many paths');
is_deeply(
	[
		grep { !m{/password/reveal$} }
		map { $_->{path} } grep { $_->{method} eq 'GET' && !$_->{served} } @$described
	],
	[],
	'all that the document has, but for the passwords');

my $zone = 'ch-gva-2';
my $list = $t->sim->get('/dbaas-service', zone => $zone)->{json}{'dbaas-services'};
my %first;
$first{ $_->{type} } //= $_->{name} foreach @$list;
my ($integration) = map { @{ $_->{integrations} // [] } } @$list;
my ($external) = map {
	@{ $t->sim->get("/dbaas-external-integrations/$_->{name}", zone => $zone)
		  ->{json}{'external-integrations'} // [] }
} @$list;
my $operation = $t->sim->post(
	"/dbaas-task-migration-check/$first{pg}",
	{ 'source-service-uri' => 'postgres://u:S3CRET@h/d' },
	zone => $zone)->{json};
$t->sim->wait_operation($operation, $zone);

# A value for each parameter of a path
sub value_of
{
	my ($param, $path) = @_;
	return 'logs' if $param eq 'integration-type';
	return 'pg' if $param =~ /^(?:source-type|service-type-name)$/;
	return 'opensearch' if $param eq 'dest-type';
	return $external->{'integration-id'} if $param eq 'integration-id';
	return $operation->{id} if $path =~ m{^/operation/};
	return $operation->{reference}{id} if $path =~ m{^/dbaas-task/} && $param eq 'id';
	return $integration->{id} if $param eq 'id';

	if ($param eq 'endpoint-id')
	{
		my ($kind) = $path =~ /endpoint-(\w+)/;
		my ($endpoint) = grep { $_->{type} eq $kind }
		  @{ $t->sim->get('/dbaas-external-endpoints', zone => $zone)->{json}{'dbaas-endpoints'} };
		return $endpoint ? $endpoint->{id} : $integration->{id};
	}
	return $path =~ /valkey/ ? 'default' : 'avnadmin' if $param eq 'username';
	my ($type) =
	  $path =~ m{^/dbaas-(postgres|mysql|kafka|opensearch|valkey|grafana|thanos|clickhouse)/};
	return $first{ !defined $type || $type eq 'postgres' ? 'pg' : $type };
}

sub masked
{
	my ($value, $secret) = @_;
	return {
		map { $_ => masked($value->{$_}, /(?:password|secret|access.key|access.cert)$/) }
		  keys %$value
	  }
	  if ref $value eq 'HASH';
	return [ map { masked($_, $secret) } @$value ] if ref $value eq 'ARRAY';
	return $value if ref $value || !defined $value;
	return '***' if $secret;
	return $value =~ s{(://[^:/@]*:)[^@]*@}{$1***@}r;
}

$session->sql('SELECT count(*) FROM exo.dbaas_services');
my $number = 0;
my $compared = 0;
foreach my $get (@gets)
{
	my $path = $get->{path};
	my @params = $path =~ /\{(.*?)\}/g;
	my $table = 'get_' . ++$number;
	my $columns = join ', ', 'zone text', 'whole jsonb OPTIONS (field \'*\')',
	  map { "p$_ text OPTIONS (param '$params[$_]')" } 0 .. $#params;
	$session->sql("CREATE FOREIGN TABLE $table ($columns) SERVER exoscale OPTIONS (path '$path')");
	my %value = map { $_ => value_of($_, $path) } @params;
	my $where = join ' AND ', "zone = '$zone'", map { "p$_ = '$value{$params[$_]}'" } 0 .. $#params;
	my $actual = $path =~ s/\{(.*?)\}/$value{$1}/gr;
	my $answer = $t->sim->get($actual, zone => $zone);

	if ($answer->{status} == 404)
	{
		is($session->sql("SELECT count(*) FROM $table WHERE $where"),
			0, "$path: nothing there, no row");
		next;
	}
	$compared++;
	is_deeply([ $session->lines("SELECT whole FROM $table WHERE $where") ],
		["GET $zone $actual"], "$path: one request");
	is($answer->{status}, 200, "$path: the API has it") or next;
	my $shown = $session->sql("SELECT whole FROM $table WHERE $where");
	diag("$path shows nothing: $where"), next if $shown eq q{};
	is_deeply($json->decode($shown), masked($answer->{json}), "$path: the table shows it");
	unlike($shown, qr/S3CRET/, "$path: without secrets");

	# And the rows of its list, if it is one
	my ($member) = grep { ref $answer->{json}{$_} eq 'ARRAY' && $_ ne 'integrations' }
	  sort keys %{ $answer->{json} };
	next unless defined $member && scalar(keys %{ $answer->{json} }) == 1;
	$session->sql("ALTER FOREIGN TABLE $table OPTIONS (ADD rows '$member\[]')");
	is( $session->sql("SELECT count(whole) FROM $table WHERE $where"),
		scalar(@{ $answer->{json}{$member} }),
		"$path: $member are rows");
}

cmp_ok($compared, '>', 30, 'most paths had something to show');

# The definition counts as it is now
$session->sql(q{CREATE FOREIGN TABLE changing (name text) SERVER exoscale }
	  . q{OPTIONS (path '/dbaas-service', rows 'dbaas-services[]')});
is($session->sql('SELECT count(*) FROM changing'), 48, 'a table');
$session->sql(q{PREPARE again AS SELECT count(*) FROM changing; EXECUTE again});
$session->sql(q{ALTER FOREIGN TABLE changing OPTIONS (SET path '/dbaas-external-endpoints', }
	  . q{SET rows 'dbaas-endpoints[]')});
is($session->sql('EXECUTE again'), 12, 'a changed definition counts for prepared statements');

# Two tables over one path share its answers in a statement
$session->sql(q{CREATE FOREIGN TABLE other (name text) SERVER exoscale }
	  . q{OPTIONS (path '/dbaas-external-endpoints', rows 'dbaas-endpoints[]')});
is(scalar($session->requests('SELECT * FROM changing UNION ALL SELECT * FROM other')),
	3, 'answers are shared');

unlike(PostgreSQL::Test::Utils::slurp_file($t->node->logfile),
	qr/S3CRET/, 'the log shows no secret');
$session->quit;
done_testing();
