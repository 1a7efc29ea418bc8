# Passwords stay hidden in whatever form an answer holds them: in URIs that ought to be encoded
# and are not, in connection strings, in JSON within a text, and in what errors say.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	services => 2,
	logs => 0,
	operation_time => 0,
	conf => "dbaas_fdw.log_requests = on\n");
my $sim = $t->sim;
my $json = JSON::PP->new->canonical;
my $path = '/dbaas-postgres/pg-1-0001';

$t->sql(
	q{CREATE FOREIGN TABLE whole (zone text, name text OPTIONS (param 'name'), whole jsonb
		OPTIONS (field '*'))
	SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}')});
my $query = q{SELECT whole FROM whole WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'};

# The text of a member, and what is shown of it; undef: all of it
my @forms = (
	[ 'postgres://u:S3CRET@h/db?email=a@b&password=S3CRET', 'postgres://u:***@b&password=***' ],
	[ 'postgres://h/db?user=a@b&password=S3CRET&x=1', 'postgres://h/db?user=a@b&password=***&x=1' ],
	[ 'postgres://h/db?password=S3 CRET&x=1', 'postgres://h/db?password=***&x=1' ],
	[ 'postgres://u:S3 CRET@h:1/db', 'postgres://u:***@h:1/db' ],
	[ q{postgres://u:S3'CRET@h/db}, 'postgres://u:***@h/db' ],
	[ 'postgres://u:S3<CRET>@h/db', 'postgres://u:***@h/db' ],
	[ 'postgres://u:S3?CRET@h/db', 'postgres://u:***@h/db' ],
	[ 'postgres://u:S3#CRET@h/db', 'postgres://u:***@h/db' ],
	[ 'postgres://u:S3://CRET@h/db', 'postgres://u:***@h/db' ],
	[ 'host=h user=u password=S3CRET dbname=d', 'host=h user=u password=*** dbname=d' ],
	[ q{host=h password = 'S3 \' CRET' dbname=d}, q{host=h password = *** dbname=d} ],
	[ 'see http://h/x then b://u:S3CRET@i and c', 'see http://h/x then b://u:***@i and c' ],
	[ 'secretkey=x API_KEY=S3CRET', 'secretkey=x API_KEY=***' ],
	[ '{"user": "u", "password" : "S3CRET", "port": 1}', '***' ],
	[ 'u:S3CRET@h:5432', 'u:***@h:5432' ],
	[ 'no user u:S3CRET@tcp(h:3306)/db, see a:1', 'no user u:***@tcp(h:3306)/db, see a:1' ],
	[ '{"a":"b@c","d":"u:S3CRET@h","e":1}', '***' ],
	[ 'postgresql://h/d?pass%77ord=S3CRET', 'postgresql://h/d?password=***' ],
	[
		'to http://h/?next=postgres%3A%2F%2Fu%3AS3%2540CRET%40h',
		'to http://h/?next=postgres:***@h'
	],
	[ '{"p\u0061ssword":"S3CRET"}', '***' ],
	[ '50 % of a%20b, 10:30 by x@y or a\\b', undef ],
	[ 'password: S3CRET = yes', 'password: *** = yes' ],
	[ 'Password : S3CRET', 'Password : ***' ],
	[ 'run it with --password S3CRET -v', 'run it with --password *** -v' ],
	[ 'run it with --password=S3CRET -v', 'run it with --password=*** -v' ],
	[ '--admin-token S3CRET', '--admin-token ***' ],
	[ '--password -v S3', undef ],
	[ q{password = 'S3 CRET' or not}, q{password = *** or not} ],
	[ q{ALTER ROLE u PASSWORD 'S3CRET' LOGIN}, q{ALTER ROLE u PASSWORD *** LOGIN} ],
	[ q{ALTER+ROLE+u+PASSWORD+'S3CRET'+LOGIN}, q{ALTER+ROLE+u+PASSWORD+***+LOGIN} ],
	[ 'password => S3CRET, x', 'password => *** x' ],
	[ 'user[password]=S3CRET&x=1', 'user[password]=***&x=1' ],
	[ q{{'password': 'S3CRET', 'x': 1}}, q{{'password': ***, 'x': 1}} ],
	[ q[said {\"password\": \"S3CRET\"} to it], '***' ],
	[ 'said &quot;password&quot;: &quot;S3CRET&quot; to it', '***' ],
	[ '{"secret": {"a": "S3CRET", "b": ["S3CRET"]}, "c": 1}', '***' ],
	[ q{secrets: ['S3CRET', 'S3CRET'] and more}, q{secrets: *** and more} ],
	[ 'Authorization: Bearer S3CRET', 'Authorization: ***' ],
	[ 'a "Authorization: Basic S3CRET==" b', '***' ],
	[ 'X-Api-Key: S3CRET', 'X-Api-Key: ***' ],
	[ 'The password must be at least 8 characters long', undef ],
	[ 'field "password" is required, at 10:30: token expired', undef ],
	[ 'no password: ', undef ],
	[ 'tokens a: 1, b = 2; secretary: x', undef ],
	[ 'backup & restore, 5 < 6, R&amp;D', undef ],
	[ 'a=b, c:d, e="f"', undef ],
	[ '=:', undef ],
	[ 'password=', undef ],
	[ 'a?password=&x=1', undef ]);
foreach my $form (@forms)
{
	my ($text, $shown) = @$form;
	my $fits = length($shown // $text) <= length($text);
	$sim->fault(
		{
			path => $path,
			action => 'body',
			times => 1,
			body => $json->ascii->encode({ text => $text })
		});
	my $answer = JSON::PP->new->utf8(0)->decode($t->sql($query));
	is($answer->{text}, $fits ? $shown // $text : '***', $json->ascii->encode([$text]));
}
$sim->fault(
	{
		path => $path,
		action => 'body',
		times => 1,
		body => '{"passwords": ["S3CRET", "S3CRET"], "PassWord": "S3CRET", "p\u0061ssword": '
		  . '"S3CRET", "a://u:S3CRET@h": 1, "password=S3CRET": 2, "tokens": 5}'
	});
is( $t->sql($query),
	'{"tokens": 5, "PassWord": "***", "password": "***", "passwords": ["***", "***"], '
	  . '"a://u:***@h": 1, "password=***": 2}',
	'names');
$sim->fault(
	{
		path => $path,
		action => 'body',
		times => 1,
		body => '{"secret": {"a": "S3CRET", "b": [{"c": "S3CRET"}, ["S3CRET", 12345, 1, true, '
		  . 'null, {}]]}, "client_secret": [], "a": {"x": "y"}}'
	});
is( $t->sql($query),
	'{"a": {"x": "y"}, "secret": {"a": "***", "b": [{"c": "***"}, ["***", "***", 1, '
	  . 'true, null, {}]]}, "client_secret": []}',
	'what is inside');

# What describes values holds none
$sim->fault(
	{
		path => '/dbaas-settings-grafana',
		action => 'body',
		times => 1,
		zone => 'ch-gva-2',
		body => '{"settings": {"grafana": {"properties": {"password": {"type": "string", '
		  . '"title": "At least 8", "maxLength": 1024}}}}}'
	});
like(
	$t->sql(
			q{SELECT settings FROM exo.dbaas_service_settings WHERE zone = 'ch-gva-2' }
		  . q{AND type = 'grafana'}),
	qr/"password": \{"type": "string", "title": "At least 8", "maxLength": 1024\}/,
	'a schema');

# What the API says of an error
foreach my $body (
	'{"message": "cannot reach a://u:S3CRET@h/"}',
	'{"title": "x", "errors": [{"detail": "{\"password\": \"S3CRET\"} is bad", '
	. '"location": "body"}]}',
	'{"password": "S3CRET"}',
	'{"password": "S3CRET',
	'a://u:S3CRET@h is down',
	'password=S3CRET')
{
	$sim->fault({ path => $path, action => 'status', status => 500, times => 1, body => $body });
	my $error = $t->sql_error($query);
	like($error->{detail}, qr/\*\*\*/, "$body is masked");
	unlike($error->{stderr}, qr/S3/, 'and not shown');
}

# What became of tasks, operations and migrations
my $id = '11111111-2222-4333-8444-555555555555';
$sim->fault(
	{
		path => '/operation/*',
		action => 'answer',
		times => 1,
		body => qq({"id": "$id", "state": "failure", "message": "no a://u:S3CRET\@h"})
	});
is( $t->sql("SELECT message FROM exo.dbaas_operations WHERE zone = 'ch-gva-2' AND id = '$id'"),
	'no a://u:***@h',
	'an operation');
$sim->fault(
	{
		path => '/operation/*',
		action => 'answer',
		times => 1,
		body => qq({"id": "$id", "state": "failure", "message": "no %FF password%3DS3CRET"})
	});
is($t->sql("SELECT message FROM exo.dbaas_operations WHERE zone = 'ch-gva-2' AND id = '$id'"),
	'***', 'one whose message is no UTF-8 when it is decoded');
$sim->fault(
	{
		path => '/dbaas-task/*',
		action => 'answer',
		times => 1,
		body => qq({"id": "$id", "result": "no a://u:S3CRET\@h"})
	});
is( $t->sql(
			"SELECT result FROM exo.dbaas_tasks WHERE zone = 'ch-gva-2' "
		  . "AND service_name = 'pg-1-0001' AND id = '$id'"),
	'no a://u:***@h',
	'a task');
$sim->fault(
	{
		path => '/dbaas-migration-status/*',
		action => 'answer',
		times => 1,
		body => '{"error": "no a://u:S3CRET@h", "details": [{"password": "S3CRET"}]}'
	});
is( $t->sql(
			"SELECT error, details FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2' "
		  . "AND service_name = 'pg-1-0001'"),
	'no a://u:***@h|[{"password": "***"}]',
	'a migration');
$sim->fault(
	{
		path => '/dbaas-service/*',
		method => 'DELETE',
		action => 'operation',
		state => 'failure',
		reason => 'unknown',
		message => 'no a://u:S3CRET@h',
		times => 1
	});
my $error =
  $t->sql_error("DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'");
like($error->{detail}, qr{no a://u:\*\*\*\@h}, 'a write that failed');
unlike(PostgreSQL::Test::Utils::slurp_file($t->node->logfile), qr/S3CRET/,
	'and the log shows none');

done_testing();
