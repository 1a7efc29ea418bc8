# The simulator's access rules of kafka and roles of clickhouse: as the rules of
# doc/simulator.md make them, and as writes change them.
use strict;
use warnings;

use DbaasSim;
use Digest::MD5 qw(md5_hex);
use Test::More;

my $sim = DbaasSim->start(services => 24, logs => 0, operation_time => 20, seed => 7);
my $kafka = '/dbaas-kafka/kafka-1-0003';
my $clickhouse = '/dbaas-clickhouse/clickhouse-1-0008';

sub rnd
{
	my ($modulo, $key) = @_;
	return hex(substr md5_hex($key), 0, 7) % $modulo;
}

sub uuid_of
{
	my ($key) = @_;
	return md5_hex($key) =~ s/(.{8})(.{4})(.{4})(.{4})(.{12})/$1-$2-$3-$4-$5/r;
}

sub rules
{
	my ($path) = @_;
	return $sim->get("$path/acl-config")->{json};
}

sub status
{
	my ($method, @request) = @_;
	return $sim->request($method, @request)->{status};
}

# done($answer): its operation succeeds; the text of its reference
sub done
{
	my ($answer) = @_;
	my $ended = $sim->wait_operation($answer->{json});
	return "$ended->{state} $ended->{reference}{id} $ended->{reference}{command}";
}

# As the rules make them
foreach my $service ([ 'ch-gva-2', 1, 3 ], [ 'de-fra-1', 2, 11 ], [ 'at-vie-1', 3, 19 ])
{
	my ($zone, $z, $i) = @$service;
	my $p = "7/$zone/services/$i";
	my $name = sprintf 'kafka-%d-%04d', $z, $i;
	my $got = $sim->get("/dbaas-kafka/$name/acl-config", zone => $zone)->{json};
	my @topics = (
		{ id => 'default', username => 'avnadmin', topic => '*', permission => 'admin' },
		map {
			{
				id => 'acl' . substr(md5_hex("$p/topic-acl/$_"), 0, 12),
				username => "user_$_",
				topic => "topic_$_",
				permission => [qw(read write readwrite admin)]->[ ($_ - 1) % 4 ]
			}
		} 1 .. rnd(4, "$p/topic-acl"));
	my @schemas = (
		{
			id => 'default-sr',
			username => 'avnadmin',
			resource => 'Subject:*',
			permission => 'schema_registry_write'
		},
		map {
			{
				id => 'acl' . substr(md5_hex("$p/schema-registry-acl/$_"), 0, 12),
				username => "user_$_",
				resource => "Subject:topic_$_-value",
				permission => [qw(schema_registry_read schema_registry_write)]->[ ($_ - 1) % 2 ]
			}
		} 1 .. rnd(3, "$p/schema-registry-acl"));
	is_deeply(
		$got,
		{ 'topic-acl' => \@topics, 'schema-registry-acl' => \@schemas },
		"$name: its rules");
}
my $p = '7/ch-gva-2/services/8';
my $roles = $sim->get("$clickhouse/role")->{json}{roles};
is_deeply(
	[ map { "$_->{name} $_->{uuid}" } @$roles ],
	[
		map { "$_ " . uuid_of("$p/roles/$_") } (qw(reader writer))[ 0 .. rnd(2, "$p/roles") ]
	],
	'its roles');
my ($admin) = @{ $sim->get("$clickhouse/acl-config")->{json}{users} };
is_deeply(
	[ map { $_->{uuid} } @{ $admin->{roles} } ],
	[ map { $_->{uuid} } @$roles ],
	'the administrator has all of them');
is(status(GET => '/dbaas-kafka/pg-1-0001/acl-config'), 404, 'a service of another type: 404');

# Rules are made and deleted
my $service = uuid_of('7/ch-gva-2/services/3/id');
my %rule = (username => 'app', topic => 'orders-*', permission => 'readwrite');
my $before = rules($kafka);
is( done($sim->post("$kafka/topic/acl-config", \%rule)),
	"success $service get-dbaas-service-kafka",
	'the operation refers to the service');
is(done($sim->post("$kafka/topic/acl-config", \%rule)) =~ s/ .*//r,
	'success', 'the same rule once more');
my $after = rules($kafka);
my @new = splice @{ $after->{'topic-acl'} }, scalar @{ $before->{'topic-acl'} };
is_deeply($after, $before, 'nothing else is changed');
is(scalar(grep { length $_->{id} <= 40 } @new), 2, 'both are there');
isnt($new[0]{id}, $new[1]{id}, 'with ids of their own');
is_deeply(
	[ map { delete $_->{id}; $_ } map { {%$_} } @new ],
	[ \%rule, \%rule ],
	'as they were sent');
ok(!exists $sim->get($kafka)->{json}{'topic-acl'}, 'the service itself does not show them');
is(status(DELETE => "$kafka/schema-registry/acl-config/$new[0]{id}"),
	404, 'a rule of the other kind: 404');
done($sim->delete("$kafka/topic/acl-config/$new[0]{id}"));
is(status(DELETE => "$kafka/topic/acl-config/$new[0]{id}"), 404, 'one that is gone: 404');
is(rules($kafka)->{'topic-acl'}[-1]{id}, $new[1]{id}, 'the other one is left');

# A second write while the first is pending, and what is refused
$sim->config(operation_time => 60_000);
is(status(DELETE => "$kafka/topic/acl-config/$new[1]{id}"), 200, 'a DELETE that is pending');
is(status(DELETE => "$kafka/topic/acl-config/$new[1]{id}"), 409, 'another one: 409');
is(status(POST => "$kafka/topic/acl-config", \%rule), 200, 'but others may be made');
$sim->reset;
$sim->config(operation_time => 20);
is_deeply(rules($kafka), $before, 'a reset brings back what the rules make');
my %bad = (
	'a permission of the other kind' => { permission => 'schema_registry_read' },
	'no such permission' => { permission => 'all' },
	'an empty user' => { username => '' },
	'a long topic' => { topic => 'x' x 250 },
	'a member of the other kind' => { resource => 'x' });
foreach my $case (sort keys %bad)
{
	is(status(POST => "$kafka/topic/acl-config", { %rule, %{ $bad{$case} } }), 422, "$case: 422");
}
is(status(POST => "$kafka/topic/acl-config", { username => 'u' }), 422, 'no topic: 422');
is(status(DELETE => "$kafka/topic/acl-config/" . 'x' x 41), 400, 'an id that is too long: 400');

# Roles are deleted, and a service takes its rules with it
my $uuid = $roles->[0]{uuid};
is(status(DELETE => "$clickhouse/role/x"), 400, 'a role that is no uuid: 400');
is(status(DELETE => "$clickhouse/role/" . uuid_of('x')), 404, 'an unknown role: 404');
done($sim->delete("$clickhouse/role/$uuid"));
is(scalar(grep { $_->{uuid} eq $uuid } @{ $sim->get("$clickhouse/role")->{json}{roles} }),
	0, 'it is gone');
is( scalar(
		grep { $_->{uuid} eq $uuid }
		map { @{ $_->{roles} } } @{ $sim->get("$clickhouse/acl-config")->{json}{users} }),
	0,
	'and nobody has it');
done($sim->delete('/dbaas-service/kafka-1-0003'));
is(status(GET => "$kafka/acl-config"), 404, 'a service that is gone: 404');
is(status(POST => "$kafka/topic/acl-config", \%rule), 404, 'nor takes it rules');
done($sim->post('/dbaas-kafka/new-1', { plan => 'startup-4' }));
my $new = rules('/dbaas-kafka/new-1');
is_deeply(
	[ map { $_->{id} } map { @{ $new->{$_} } } qw(topic-acl schema-registry-acl) ],
	[qw(default default-sr)],
	'a new service has the rules of its administrator');

done_testing();
