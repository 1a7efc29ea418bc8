# The simulator agrees with the API's OpenAPI document, where that is at hand: the same
# operations, parameters and bodies, and answers of the documented shape.
use strict;
use warnings;

use FindBin;
use JSON::PP ();
use Test::More;
use DbaasSim;

my $file = $ENV{DBAAS_OPENAPI} // "$FindBin::RealBin/../../../shared/api/openapi-dbaas.json";
if (!-r $file)
{
	diag("skipped: no OpenAPI document; set DBAAS_OPENAPI to compare with one");
	plan skip_all => 'SKIPPED: there is no OpenAPI document to compare with';
}
open my $handle, '<', $file or die "cannot open $file: $!";
my $document = JSON::PP->new->utf8->decode(do { local $/; <$handle> });

sub resolve
{
	my ($schema) = @_;
	return $schema unless $schema->{'$ref'};
	my ($name) = $schema->{'$ref'} =~ m{([^/]+)$};
	return {
		%{ resolve($document->{components}{schemas}{$name}) },
		map { $_ => $schema->{$_} } grep { $_ ne '$ref' } keys %$schema
	};
}

sub slurp
{
	my ($mode, @from) = @_;
	open my $input, $mode, @from or die "cannot read @from: $!";
	local $/;
	return scalar <$input>;
}

my $sources = "$FindBin::RealBin/../../sim";
ok(slurp('-|', $^X, "$sources/document", $file) eq slurp('<', "$sources/documented.h"),
	'sim/documented.h is what sim/document makes of the document');

# A schema with what it refers to in its place, and without prose.
sub facts
{
	my ($schema) = @_;
	my %facts = %{ resolve($schema) };

	delete @facts{qw(description title example externalDocs readOnly)};
	delete @facts{ grep { /^exclusive/ && !$facts{$_} } keys %facts };
	$facts{properties} =
	  { map { $_ => facts($facts{properties}{$_}) } keys %{ $facts{properties} } }
	  if $facts{properties};
	$facts{$_} = facts($facts{$_})
	  foreach grep { ref $facts{$_} eq 'HASH' } qw(items additionalProperties);
	return \%facts;
}

# What the simulator says, and what the document says in the same words.
open my $output, '-|', DbaasSim::program(), '--describe' or die "cannot run the simulator: $!";
my $described = JSON::PP->new->utf8->decode(do { local $/; <$output> });
my %by_id;
my @served = grep { $_->{served} } @$described;
foreach my $operation (@$described)
{
	my $documented = $document->{paths}{ $operation->{path} }{ lc $operation->{method} };
	my $what = "$operation->{method} $operation->{path}";

	ok($documented, "$what is documented") or next;
	$by_id{ $operation->{operationId} } = $documented;
	is($operation->{operationId}, $documented->{operationId}, "$what: operationId");
	my @parameters =
	  map { { name => $_->{name}, schema => facts($_->{schema}) } } @{ $documented->{parameters} };
	is_deeply($operation->{parameters}, \@parameters, "$what: parameters");
	my $body = $documented->{requestBody};
	is_deeply($operation->{body}, $body && facts($body->{content}{'application/json'}{schema}),
		"$what: body");
}

# Whatever is documented is either served or answered with 501
my @documented = map {
	my $path = $_;
	map    { uc($_) . " $path" }
	  grep { /^(?:get|post|put|delete)$/ }
	  keys %{ $document->{paths}{$path} }
} keys %{ $document->{paths} };
is_deeply(
	[ sort map { "$_->{method} $_->{path}" } @$described ],
	[ sort @documented ],
	'all that is documented is described');
foreach my $operation (@served)
{
	next if $operation->{method} eq 'GET' || !defined $operation->{shownBy};
	my @shown = grep { ($_->{get}{operationId} // '') eq $operation->{shownBy} }
	  values %{ $document->{paths} };
	ok(@shown > 0, "$operation->{operationId} names a documented read");
}

# Complaints about a value that does not fit a schema.  Unless strict, null is as good as absent.
my $strict_nulls = 0;

sub complaints
{
	my ($value, $schema, $where) = @_;
	$schema = resolve($schema);
	my $type = $schema->{type} // '';

	return $strict_nulls && !$schema->{nullable} ? "$where is null" : () if !defined $value;
	if ($type eq 'object')
	{
		return "$where is no object" if ref $value ne 'HASH';
		my $properties = $schema->{properties} or return ();
		my @missing = grep { !exists $value->{$_} } @{ $schema->{required} // [] };
		return (
			(map { "$where lacks $_" } @missing),
			map {
				$properties->{$_}
				  ? complaints($value->{$_}, $properties->{$_}, "$where.$_")
				  : "$where.$_ is not documented"
			} sort keys %$value);
	}
	if ($type eq 'array')
	{
		return "$where is no array" if ref $value ne 'ARRAY';
		return map { complaints($value->[$_], $schema->{items}, "$where\[$_\]") } 0 .. $#$value;
	}
	if ($type eq 'boolean')
	{
		return JSON::PP::is_bool($value) ? () : "$where is no boolean";
	}
	return "$where is a reference" if ref $value;
	my $is_number = JSON::PP->new->allow_nonref->encode($value) !~ /^"/;
	return "$where is not of type $type" if $is_number != ($type =~ /^(?:integer|number)$/);
	return "$where is not in the enum"
	  if $schema->{enum}
	  && $where !~ /zones\[\d+\]\.name$/    # zones are data: new ones appear
	  && !grep { $_ eq $value } @{ $schema->{enum} };
	return "$where is no uuid"
	  if ($schema->{format} // '') eq 'uuid'
	  && $value !~ /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
	return "$where is no time"
	  if ($schema->{format} // '') eq 'date-time'
	  && $value !~ /^\d{4}-\d\d-\d\dT[\d:]{8}(\.\d+)?Z$/;
	return "$where is too long"
	  if defined $schema->{maxLength} && length $value > $schema->{maxLength};
	return "$where does not match"
	  if defined $schema->{pattern} && $value !~ /$schema->{pattern}/;
	return "$where is too large" if defined $schema->{maximum} && $value > $schema->{maximum};
	return "$where is too small"
	  if defined $schema->{minimum}
	  && ($schema->{exclusiveMinimum} ? $value <= $schema->{minimum} : $value < $schema->{minimum});
	return ();
}

# The members of a value, by their path; those of a list's items are one.
sub members
{
	my ($value, $where) = @_;

	return ($where, map { members($_, $where) } @$value) if ref $value eq 'ARRAY';
	return $where if ref $value ne 'HASH';
	return ($where, map { members($value->{$_}, "$where.$_") } keys %$value);
}

my $sim = DbaasSim->start(services => 60, logs => 50, operation_time => 0);
my %fetched;

sub fits
{
	my ($id, $answer) = @_;
	my $schema = $by_id{$id}{responses}{200}{content}{'application/json'}{schema};
	my @complaints =
	  $answer->{status} == 200 ? complaints($answer->{json}, $schema, '') : $answer->{content};

	$fetched{$id} = 1;
	is_deeply(\@complaints, [], "answer of $id ($answer->{url}) is as documented");
	return $answer->{json};
}

my %details;    # what reads of services showed, by type
my %read_of =
  map { m{^/(dbaas-[a-z]+)/\{name\}$} ? ($1 => $document->{paths}{$_}{get}{operationId}) : () }
  grep { $document->{paths}{$_}{get} } keys %{ $document->{paths} };
foreach my $zone ($sim->zones)
{
	my @in = (zone => $zone);
	my $services =
	  fits('list-dbaas-services', $sim->get('/dbaas-service', @in))->{'dbaas-services'};
	foreach my $service (@$services[ 0 .. 39 ])
	{
		fits('list-dbaas-external-integrations',
			$sim->get("/dbaas-external-integrations/$service->{name}", @in));
		fits('get-dbaas-service-logs', $sim->post("/dbaas-service-logs/$service->{name}", {}, @in));
		fits('get-dbaas-service-metrics',
			$sim->post("/dbaas-service-metrics/$service->{name}", {}, @in));
		fits('get-dbaas-integration', $sim->get("/dbaas-integration/$_->{id}", @in))
		  foreach @{ $service->{integrations} };
		my $segment = 'dbaas-' . ($service->{type} eq 'pg' ? 'postgres' : $service->{type});
		my $details = fits($read_of{$segment}, $sim->get("/$segment/$service->{name}", @in));
		$details{ $service->{type} }{$_} = 1 foreach members($details, '');
		is_deeply({ %$service, %$details },
			$details, "$service->{name}: its own read agrees with the list");
		fits("list-dbaas-$service->{type}-users", $sim->get("/$segment/$service->{name}/user", @in))
		  if $service->{type} =~ /^(?:valkey|clickhouse)$/;
		my $migration = $sim->get("/dbaas-migration-status/$service->{name}", @in);
		fits('get-dbaas-migration-status', $migration) if $migration->{status} != 404;
	}
	fits(
		'get-dbaas-external-integration',
		$sim->get(
			'/dbaas-external-integration/' . DbaasSim::uuid("1/$zone/external-integrations/1/1"),
			@in));
	fits(
		'get-dbaas-task',
		$sim->get(
			"/dbaas-task/$services->[0]{name}/" . DbaasSim::uuid("1/$zone/services/1/tasks/1"), @in)
	);
	fits('get-operation', $sim->get('/operation/' . DbaasSim::uuid("1/$zone/operations/$_"), @in))
	  foreach 1, 2;
}
foreach my $type (sort keys %details)
{
	my $schema = resolve($document->{components}{schemas}{"dbaas-service-$type"});
	my @documented = map {
		my $name = $_;
		my $inner = resolve($schema->{properties}{$name});
		$inner = resolve($inner->{items}) if $inner->{items};
		(   ".$name",
			$name =~ /-settings$|^integrations$|^notifications$/ ? () : map { ".$name.$_" }
			  keys %{ $inner->{properties} // {} });
	} keys %{ $schema->{properties} };
	is_deeply([ grep { !$details{$type}{$_} } sort @documented ],
		[], "every documented member of a $type service is there");
}
foreach my $type (qw(pg mysql kafka opensearch valkey grafana thanos clickhouse))
{
	my $settings = fits("get-dbaas-settings-$type", $sim->get("/dbaas-settings-$type"))->{settings};
	foreach my $member (sort keys %$settings)
	{
		my $schema = facts({ '$ref' => 'json-schema-' . $member =~ tr/_/-/r });
		is_deeply($settings->{$member}{properties},
			$schema->{properties}, "$type: the settings of $member");
	}
}
fits('list-zones', $sim->get('/zone'));
fits('list-dbaas-service-types', $sim->get('/dbaas-service-type'));
fits('get-dbaas-service-type', $sim->get('/dbaas-service-type/grafana'));
fits('list-dbaas-integration-types', $sim->get('/dbaas-integration-types'));
fits('list-dbaas-integration-settings',
	$sim->get('/dbaas-integration-settings/logs/pg/opensearch'));
fits('list-dbaas-external-endpoint-types', $sim->get('/dbaas-external-endpoint-types'));
foreach my $zone ($sim->zones)
{
	my @in = (zone => $zone);
	my $endpoints =
	  fits('list-dbaas-external-endpoints', $sim->get('/dbaas-external-endpoints', @in))
	  ->{'dbaas-endpoints'};
	foreach my $endpoint (@$endpoints)
	{
		my $path = "/dbaas-external-endpoint-$endpoint->{type}/$endpoint->{id}";
		my $got = fits("get-dbaas-external-endpoint-$endpoint->{type}", $sim->get($path, @in));
		is_deeply({ %$endpoint, %$got }, $got, 'which is the one in the list');
		my $other = $endpoint->{type} eq 'datadog' ? 'rsyslog' : 'datadog';
		$path =~ s/endpoint-[a-z]+/endpoint-$other/;
		is($sim->get($path, @in)->{status}, 404, 'but not below the path of another type');
	}
}
my ($datadog) = grep { $_->{type} eq 'datadog' }
  @{ $sim->get('/dbaas-external-integrations/pg-1-0001')->{json}{'external-integrations'} };
fits('get-dbaas-external-integration-settings-datadog',
	$sim->get("/dbaas-external-integration-settings-datadog/$datadog->{'integration-id'}"));
fits('get-dbaas-kafka-acl-config', $sim->get('/dbaas-kafka/kafka-1-0003/acl-config'));
fits('get-dbaas-opensearch-acl-config',
	$sim->get('/dbaas-opensearch/opensearch-1-0004/acl-config'));
fits(
	'update-dbaas-opensearch-acl-config',
	$sim->put(
		'/dbaas-opensearch/opensearch-1-0004/acl-config',
		{ acls => [ { username => 'u', rules => [ { index => 'x' } ] } ] }));
fits('get-dbaas-clickhouse-acl-config',
	$sim->get('/dbaas-clickhouse/clickhouse-1-0008/acl-config'));
my $roles =
  fits('list-dbaas-clickhouse-roles', $sim->get('/dbaas-clickhouse/clickhouse-1-0008/role'));
fits('delete-dbaas-clickhouse-role',
	$sim->delete("/dbaas-clickhouse/clickhouse-1-0008/role/$roles->{roles}[0]{uuid}"));
fits('get-dbaas-ca-certificate', $sim->get('/dbaas-ca-certificate'));

my $made = fits(
	'create-dbaas-integration',
	$sim->post(
		'/dbaas-integration',
		{
			'integration-type' => 'logs',
			'source-service' => 'pg-1-0001',
			'dest-service' => 'opensearch-1-0004'
		}));
my $integration = "/dbaas-integration/$made->{reference}{id}";
$sim->wait_operation($made);
fits('update-dbaas-integration', $sim->put($integration, { settings => {} }));
fits('delete-dbaas-integration', $sim->delete($integration));
fits('delete-dbaas-service', $sim->delete('/dbaas-service/thanos-1-0007'));
my %made_with = (
	datadog => { 'datadog-api-key' => 'abc', site => 'datadoghq.eu' },
	elasticsearch => { url => 'https://es.test', 'index-prefix' => 'logs', ca => 'pem' },
	opensearch => { url => 'https://os.test', 'index-prefix' => 'logs', ca => 'pem' },
	prometheus =>
	  { 'basic-auth-username' => 'scraper', 'basic-auth-password' => 'S3CRET-scraper' },
	rsyslog => {
		server => 'logs.test',
		port => 514,
		tls => JSON::PP::true,
		format => 'rfc3164',
		map { $_ => 'pem' } qw(ca cert key)
	});
foreach my $type (sort keys %made_with)
{
	my $answer = fits(
		"create-dbaas-external-endpoint-$type",
		$sim->post("/dbaas-external-endpoint-$type/made", { settings => $made_with{$type} }));
	$sim->wait_operation($answer);
	my $path = "/dbaas-external-endpoint-$type/$answer->{reference}{id}";
	fits("get-dbaas-external-endpoint-$type", $sim->get($path));
	my $change = fits(
		"update-dbaas-external-endpoint-$type",
		$sim->put($path, { settings => $made_with{$type} }));
	$sim->wait_operation($change);
	$sim->wait_operation(fits("delete-dbaas-external-endpoint-$type", $sim->delete($path)));
}
fits(
	'update-dbaas-external-integration-settings-datadog',
	$sim->post(
		"/dbaas-external-integration-settings-datadog/$datadog->{'integration-id'}",
		{ settings => { 'datadog-dbm-enabled' => JSON::PP::false } }));
my $endpoint = $sim->get('/dbaas-external-endpoints')->{json}{'dbaas-endpoints'}[0];
my $attached = fits(
	'attach-dbaas-service-to-endpoint',
	$sim->put(
		'/dbaas-external-endpoint/mysql-1-0002/attach',
		{ 'dest-endpoint-id' => $endpoint->{id}, type => $endpoint->{type} }));
$sim->wait_operation($attached);
fits(
	'detach-dbaas-service-from-endpoint',
	$sim->put(
		'/dbaas-external-endpoint/mysql-1-0002/detach',
		{ 'integration-id' => $attached->{reference}{id} }));
fits(
	'create-dbaas-task-migration-check',
	$sim->post(
		'/dbaas-task-migration-check/pg-1-0001',
		{ 'source-service-uri' => 'postgres://u:p@h/d' }));

# What each type's own path does: whatever of it is served, on a service made for it
sub write_of
{
	my ($method, $path, $body) = @_;
	my ($operation) = grep {
		my $pattern = $_->{path} =~ s/\{[^}]*\}/[^\/]+/gr;
		$_->{served} and $_->{method} eq $method and $path =~ /^$pattern$/
	} @$described;
	return unless $operation;
	my $answer = fits($operation->{operationId}, $sim->request($method, $path, $body));
	return defined $answer->{state} ? $sim->wait_operation($answer) : undef;
}
my %examples = (
	pg => {
		version => '15',
		'backup-schedule' => { 'backup-hour' => 3, 'backup-minute' => 0 },
		'pg-settings' => { jit => JSON::PP::false }
	},
	mysql =>
	  { 'admin-password' => 'S3CRET-admin', 'mysql-settings' => { 'long_query_time' => 0.5 } },
	kafka => {
		'authentication-methods' => { sasl => JSON::PP::true },
		'kafka-settings' => { num_partitions => 3 }
	},
	opensearch => { 'max-index-count' => undef, 'index-template' => { 'number-of-shards' => 2 } },
	valkey => { 'valkey-settings' => { notify_keyspace_events => 'K$' } },
	grafana => { 'grafana-settings' => { dashboards_min_refresh_interval => '10s' } },
	thanos => { 'thanos-settings' => { compactor => { 'retention.days' => 30 } } },
	clickhouse =>
	  { version => '25.3', 'clickhouse-settings' => { tiered_storage_move_factor => 0.5 } },);
foreach my $type (sort keys %examples)
{
	my $path = '/dbaas-' . ($type eq 'pg' ? 'postgres' : $type) . "/made-$type";
	write_of('POST', $path,
		{ plan => 'startup-4', 'ip-filter' => ['192.0.2.0/24'], %{ $examples{$type} } });
	write_of('PUT', $path,
		{ plan => 'business-4', maintenance => { dow => 'never', time => '01:02:03' } });
	write_of('PUT', "$path/maintenance/start");
	write_of('PUT', "$path/enable/writes");
	write_of('POST', "$path/upgrade-check", { 'target-version' => '18' });
	write_of('POST', "$path/user", { username => 'u/1' });
	write_of('PUT', "$path/user/u%2F1", { 'access-control' => { keys => ['a*'] } });
	write_of('PUT', "$path/user/u%2F1/allow-replication",
		{ 'allow-replication' => JSON::PP::true });
	write_of('PUT',
		"$path/user/" . ($type eq 'grafana' ? 'avnadmin' : 'u%2F1') . '/password/reset', {});
	write_of('GET',
		"$path/user/"
		  . ($type =~ /^(?:grafana|thanos)$/ ? 'avnadmin' : 'u%2F1')
		  . '/password/reveal');
	write_of('GET', "$path/connect/password/reveal");
	write_of('POST', "$path/database", { 'database-name' => 'd/1' });
	write_of('POST', "$path/connection-pool", { name => 'p/1', 'database-name' => 'd/1' });
	write_of('PUT', "$path/connection-pool/p%2F1", { size => 3 });
	my $rule = { username => 'u/1', permission => 'read', topic => 't' };
	write_of('POST', "$path/topic/acl-config", $rule);
	delete $rule->{topic};
	@$rule{qw(resource permission)} = qw(Subject:s schema_registry_read);
	write_of('POST', "$path/schema-registry/acl-config", $rule);
	write_of('DELETE', "$path/topic/acl-config/default");
	write_of('DELETE', "$path/schema-registry/acl-config/default-sr");
	my $made = fits($read_of{ ($path =~ m{^/([^/]+)})[0] }, $sim->get($path));
	is( $made->{users}[-1]{username},
		$type =~ /^(?:grafana|thanos)$/ ? 'avnadmin' : 'u/1',
		'with its user');
	write_of('DELETE', "$path/connection-pool/p%2F1");
	write_of('DELETE', "$path/database/d%2F1");
	write_of('DELETE',
		"$path/user/" . ($type eq 'clickhouse' ? $made->{users}[-1]{uuid} : 'u%2F1'));
	write_of('DELETE', $path);
	is($sim->get($path)->{status}, 404, 'and it is gone');
}

# A service that is new has no migration
write_of('POST', "/dbaas-$_/migration/stop")
  foreach 'mysql/mysql-1-0002', 'postgres/pg-1-0001', 'valkey/valkey-1-0005';

is_deeply(
	[ sort keys %fetched ],
	[ sort map { $_->{operationId} } @served ],
	'every operation was looked at');

# Nulls that the document does not allow are absent on demand
my $strict = DbaasSim->start(services => 40, strict_nulls => undef);
my @services = @{ $strict->get('/dbaas-service')->{json}{'dbaas-services'} };
$strict_nulls = 1;
fits('list-dbaas-services', $strict->get('/dbaas-service'));
foreach my $service (@services)
{
	my $segment = 'dbaas-' . ($service->{type} eq 'pg' ? 'postgres' : $service->{type});
	fits($read_of{$segment}, $strict->get("/$segment/$service->{name}"));
}
is_deeply(
	[
		grep {
			my $service = $_;
			grep { !defined } values %$service
		} @services
	],
	[],
	'--strict-nulls: no null');
is( scalar(grep { !exists $_->{'updated-at'} } @services),
	scalar(
		grep { !defined $_->{'updated-at'} }
		  @{ DbaasSim->start(services => 40)->get('/dbaas-service')->{json}{'dbaas-services'} }),
	'but absent members');

done_testing();
