# Every member that the API's document has in the body of a type's create and
# update can be given, reaches the API as it was given, and is taken.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	zones => 1,
	services => 8,
	logs => 0,
	operation_time => 0,
	server => { max_retries => 0 });
my $session = $t->session;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $described = $json->decode(scalar qx{"$ENV{TESTDIR}/sim/dbaas-sim" --describe});
my %type = (
	pg => 'postgres',
	map { $_ => $_ } qw(clickhouse grafana kafka mysql opensearch thanos valkey));
my $zone = 'ch-gva-2';
my %first = map { $_->{type} => $_->{name} }
  @{ $t->sim->get('/dbaas-service', zone => $zone)->{json}{'dbaas-services'} };
$session->sql('SET dbaas_fdw.update_limit = -1');

# The name of a backup that a service has
sub backup_of
{
	my ($service, $type) = @_;
	return $t->sim->get("/dbaas-$type{$type}/$service", zone => $zone)
	  ->{json}{backups}[0]{'backup-name'};
}

# A value that a schema allows; of texts that have a meaning, one that there is
sub value
{
	my ($name, $schema, $type) = @_;
	my %known = (
		'ip-filter' => ['192.0.2.0/24'],
		'maintenance' => { dow => 'monday', time => '03:00:00' },
		'admin-username' => 'boss',
		'fork-from-service' => $first{$type},
		'recovery-backup-time' => '2026-01-01T00:00:00Z',
		'recovery-backup-name' => backup_of($first{$type}, $type),
		'admin-password' => 'abcdefgh1',
		'source-service' => $first{$type},
		'dest-service' => "$type-integrations");
	return $known{$name} if exists $known{$name};
	return $session->sql(
			"SELECT default_version FROM exo.dbaas_service_types WHERE zone = '$zone' "
		  . "AND name = '$type'")
	  if $name eq 'version';
	return $schema->{enum}[0] if $schema->{enum};
	my $kind = $schema->{type};
	return JSON::PP::true if $kind eq 'boolean';
	return $schema->{minimum} // 1 if $kind eq 'integer' || $kind eq 'number';
	return [ value('', $schema->{items}, $type) ] if $kind eq 'array';
	return 'x' x ($schema->{minLength} || 1) if $kind eq 'string';
	my $properties = $schema->{properties} // {};

	# Of settings, which are many, those that are numbers and flags
	return {
		map { $_ => value($_, $properties->{$_}, $type) }
		  grep {
			$name !~ /-settings$/
			  || !ref $properties->{$_}{type}
			  && ($properties->{$_}{type} // '') =~ /^(?:boolean|integer)$/
		  } keys %$properties
	};
}

sub body_of
{
	my ($method, $type) = @_;
	my ($operation) =
	  grep { $_->{method} eq $method && $_->{path} eq "/dbaas-$type{$type}/{name}" } @$described;
	my $properties = $operation->{body}{properties};
	return {
		map  { $_ => value($_, $properties->{$_}, $type) }
		grep { !/^(?:plan|termination-protection)$/ } keys %$properties
	};
}

# same(SQL, METHOD, PATH, BODY): the one write that it sends
sub same
{
	my ($sql, $method, $path, $body, $what) = @_;

	my @sent = grep { $_->{method} ne 'GET' } $session->requests($sql);
	is(scalar(@sent), 1, "$what: one write") or return;
	is( "$sent[0]{method} $sent[0]{path} $sent[0]{status}",
		"$method $path 200",
		"$what: which is taken");
	is_deeply($json->decode($sent[0]{body}), $body, "$what: as it was given");
	return;
}

foreach my $type (sort keys %type)
{
	my $body = body_of('POST', $type);
	cmp_ok(scalar(keys %$body), '>', 2, "$type has members");
	foreach my $member (sort keys %$body)
	{
		my $name = "$type-$member";
		# What to recover is told beside the service to fork
		my @members = ($member, $member =~ /^recovery-/ ? 'fork-from-service' : ());
		my %parameters = map { $_ => $body->{$_} } @members;
		my $text = $json->encode(\%parameters) =~ s/'/''/gr;
		same(
			"INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters) "
			  . "VALUES ('$zone', '$name', '$type', 'startup-4', '$text')",
			'POST',
			"/dbaas-$type{$type}/$name",
			{ plan => 'startup-4', %parameters },
			"a new $type with $member");
	}
	$body = body_of('PUT', $type);
	my %kept =
	  $type =~ /^(?:mysql|pg)$/
	  ? (
		'backup-schedule' => $json->decode(
			$session->sql(
					"SELECT details->'backup-schedule' FROM exo.dbaas_service_details "
				  . "WHERE zone = '$zone' AND service_name = '$first{$type}'")))
	  : ();
	foreach my $member (sort keys %$body)
	{
		my $text = $json->encode({ $member => $body->{$member} }) =~ s/'/''/gr;
		same(
			"UPDATE exo.dbaas_services SET parameters = '$text' WHERE zone = '$zone' "
			  . "AND name = '$first{$type}'",
			'PUT',
			"/dbaas-$type{$type}/$first{$type}",
			{ %kept, $member => $body->{$member} },
			"$member of a $type");
		$kept{$member} = $body->{$member} if exists $kept{$member};
	}
}

$session->quit;
done_testing();
