# README's table of operations: its SQL makes each operation of the API's document, as the
# simulator records it, and writes nothing else.
use strict;
use warnings;

use DbaasDocs qw(read_lines);
use DbaasTest;
use JSON::PP ();
use Test::More;

# The type of a service, or of an endpoint, by its part of the path
my %type = (
	(map { ($_ => $_) } qw(clickhouse grafana kafka mysql opensearch pg thanos valkey)),
	(map { ($_ => $_) } qw(datadog elasticsearch prometheus rsyslog)),
	postgres => 'pg');

open my $described, '-|', DbaasSim::program(), '--describe' or die "cannot run the simulator: $!";
my @operations = @{ JSON::PP->new->utf8->decode(do { local $/; <$described> }) };
close $described or die "the simulator failed: $?";

# The lines of the table
my @lines;
foreach my $line (read_lines('README.md'))
{
	my ($method, $path, $sql) = $line =~ /^\| `([A-Z]+) (\S+)` \| `([^`]+)`/ or next;
	push @lines, { method => $method, path => $path, sql => $sql =~ s/\\\|/|/gr };
}

# A path of the document, or of the table, as a pattern for paths of requests
sub pattern
{
	my ($path) = @_;
	my $types = join '|', sort keys %type;
	return quotemeta($path) =~ s/\\\{.*?\\\}/[^\/]+/gr =~ s/TYPE/(?:$types)/r;
}

# Does the line of the table stand for the operation?
sub stands_for
{
	my ($line, $operation) = @_;
	my $pattern = pattern($line->{path});
	return $line->{method} eq $operation->{method} && $operation->{path} =~ /^$pattern$/;
}

foreach my $operation (@operations)
{
	is(scalar(grep { stands_for($_, $operation) } @lines),
		1, "$operation->{method} $operation->{path} is in one line of the table");
}

# A service of each type in each zone; all of them run
my $t = DbaasTest->new(services => 8, logs => 200, zones => 2, operation_time => 0);
my $sim = $t->sim;
my $session = $t->session;
my $zone = 'ch-gva-2';
my %service =
  $session->sql("SELECT type || ' ' || name FROM exo.dbaas_services WHERE zone = '$zone'") =~
  /^(\w+) (\S+)$/mg;
my $in = "zone = '$zone' AND service_name";
my %id;    # what INSERTs made

# Settings of an endpoint, as they are made and as they are changed
my %log_settings = (
	settings => '{"url": "https://logs.example:9200", "index-prefix": "logs"}',
	change => '{"timeout": 30}');
my %endpoint_settings = (
	datadog => {
		settings => '{"datadog-api-key": "0123456789abcdef", "site": "datadoghq.eu"}',
		change => '{"datadog-api-key": "0123456789abcdef", "site": "datadoghq.com"}'
	},
	elasticsearch => \%log_settings,
	opensearch => \%log_settings,
	prometheus => {
		settings => '{"basic-auth-username": "scraper", "basic-auth-password": "Secret-123"}',
		change => '{"basic-auth-username": "collector"}'
	},
	rsyslog => {
		settings => '{"server": "logs.example", "port": 514, "tls": false, "format": "rfc5424"}',
		change => '{"tls": true}'
	});

sub first_user
{
	my ($service) = @_;
	return $session->sql("SELECT username FROM exo.dbaas_users WHERE $in = '$service' "
		  . q{ORDER BY username <> 'ann', username LIMIT 1});
}

# Replaces a table of a path that has the type in it
sub declare
{
	my ($table, $type, $path, $rows) = @_;
	$session->sql("DROP FOREIGN TABLE IF EXISTS exo.$table; "
		  . "CREATE FOREIGN TABLE exo.$table (zone text, service_name text "
		  . "OPTIONS (param 'service-name', from 'name'), username text) SERVER exoscale "
		  . "OPTIONS (path '$path', rows '$rows', for_each 'services', "
		  . "for_each_filter 'type=$type')");
	return;
}

# The id of an operation: of one that changes the service
sub operation_of
{
	my ($service) = @_;
	$session->sql("UPDATE exo.dbaas_services SET termination_protection = true WHERE "
		  . "zone = '$zone' AND name = '$service'");
	my ($poll) = grep { $_->{path} =~ m{^/operation/} } reverse $sim->requests;
	return $poll->{path} =~ s{.*/}{}r;
}

# What has to be there before an operation; returns values of variables
sub prepare
{
	my ($operation, $type, $service) = @_;
	my $path = $operation->{path};

	return (user => first_user($service)) if $path =~ m{/password/};
	if ($operation->{method} eq 'GET' && $path =~ m{/user$|^/dbaas-clickhouse/.*/acl-config$})
	{
		declare($path =~ /user$/ ? 'typed_users' : 'clickhouse_grants', $type, $path, 'users[]');
	}
	if ($operation->{method} eq 'DELETE' && $path eq '/dbaas-service/{name}')
	{
		$session->sql('INSERT INTO exo.dbaas_services (zone, name, type, plan) '
			  . "VALUES ('$zone', 'walk-again', 'pg', 'startup-4')");
		return (service => 'walk-again');
	}
	return (
		role => $session->sql(
			"SELECT name FROM exo.dbaas_clickhouse_roles WHERE $in = '$service' LIMIT 1"))
	  if $path =~ m{/role/};
	return (id => operation_of($service)) if $path =~ m{^/operation/};
	return ();
}

# Which id an operation is about, and which one the answer to its SQL is
sub id_needed
{
	my ($operation) = @_;
	my $path = $operation->{path};
	return
		$path =~ m{/attach$} ? 'endpoint'
	  : $path =~ m{/detach$|^/dbaas-external-integration} ? 'external integration'
	  : $path =~ m{^/dbaas-task} ? 'task'
	  : $path =~ m{^/dbaas-integration} ? 'integration'
	  : 'none';
}

sub id_made
{
	my ($operation) = @_;
	my $path = $operation->{path};
	return
		$path =~ m{/attach$} ? 'external integration'
	  : $path =~ m{^/dbaas-external-endpoint-datadog} ? 'endpoint'
	  : $path =~ m{^/dbaas-external-endpoint-} ? 'none'
	  : id_needed($operation);
}

# The values of a line's variables, for an operation that it stands for
sub variables
{
	my ($operation) = @_;
	my $path = $operation->{path};
	my ($part) = $path =~ m{^/dbaas-(?:external-endpoint-|settings-)?(\w+)};
	my $type = $type{ $part // '' } // ($path =~ /attach$/ ? 'datadog' : 'pg');
	my $service = $service{$type} // $service{pg};

	# A service of the walk's own is made, changed and deleted
	$service = "walk-$type"
	  if $operation->{method} ne 'GET' && $path =~ m{^/dbaas-\w+/\{name\}$};
	return (
		zone => $zone,
		type => $type,
		service => $service,
		dest => $service{opensearch},
		password => 'New-Password-1',
		uri => 'postgres://u:p@db.example:5432/shop',
		name => "walk-$type",
		id => $id{ id_needed($operation) },
		%{ $endpoint_settings{$type} // {} },
		prepare($operation, $type, $service));
}

my $is_read = qr{^(?:GET |POST /dbaas-service-(?:logs|metrics)/)};

# Runs the SQL of a line for an operation
sub walk
{
	my ($line, $operation) = @_;
	my $name = "$operation->{method} $operation->{path}";
	my %value = variables($operation);
	my $sql = $line->{sql} =~ s{:'(\w+)'}
		{ "'" . (($value{$1} // die "$name: no $1") =~ s/'/''/gr) . "'" }ger;

	$sim->clear;
	my ($output, $errors) = $session->sql_both($sql);
	is(DbaasTest::parse_error($errors), undef, "$name: $sql") or diag($errors);
	$id{ id_made($operation) } = $1 if $sql =~ /^INSERT.* RETURNING id$/ && $output =~ /^(\S+)$/;

	my $pattern = pattern($operation->{path});
	my @sent = $sim->requests;
	my @of_it = grep { $_->{method} eq $operation->{method} && $_->{path} =~ /^$pattern$/ } @sent;
	my @writes = grep { !/$is_read/ } map { "$_->{method} $_->{path}" } @sent;
	ok((grep { $_->{status} == 200 } @of_it), "$name is sent, and succeeds")
	  or diag(join "\n", map { "$_->{method} $_->{path} $_->{status}" } @sent);
	is_deeply(\@writes, [ grep { !/$is_read/ } map { "$_->{method} $_->{path}" } @of_it ],
		"$name: nothing else is written");
	return;
}

foreach my $line (@lines)
{
	foreach my $operation (grep { stands_for($line, $_) } @operations)
	{
		eval { walk($line, $operation); 1 } or fail("$line->{sql}: $@");
	}
}
done_testing();
