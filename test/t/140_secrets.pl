# No secret and no signature reaches a log or a client; and where the secret may come from.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $secret = 'S3cr3t+/of=the_k3y';
my $t =
  DbaasTest->new(services => 3, logs => 20, api_secret => $secret, server => { max_retries => 0 });

# From here on everything is logged.  The statements that set a secret are before:
# PostgreSQL itself logs those.
$t->sql(
	join ';',
	map { "ALTER SYSTEM SET $_" } 'log_min_messages = debug5',
	'log_statement = \'all\'',
	'log_error_verbosity = verbose',
	'debug_print_parse = on',
	'debug_print_rewritten = on',
	'debug_print_plan = on',
	'log_min_duration_statement = 0',
	'log_executor_stats = on');
$t->node->reload;
$t->sql('ALTER DATABASE postgres SET dbaas_fdw.log_requests = on');
my $session = $t->session;
my $said = '';

sub log_text { return PostgreSQL::Test::Utils::slurp_file($t->node->logfile) }

# What was said must hold neither
sub clean
{
	my ($name, $text) = @_;
	my $found = $text =~ /\Q$secret\E|signature=|EXO2-HMAC|Authorization: /i;
	ok(!$found, "$name holds no secret")
	  or diag(substr $text, ($-[0] > 100 ? $-[0] - 100 : 0), 300);
	return;
}

sub run
{
	my ($sql) = @_;
	my ($out, $stderr) = $session->sql_both($sql);
	$said .= "$out\n$stderr\n";
	return;
}

run("SET client_min_messages = debug5; LOAD 'dbaas_fdw'; SET dbaas_fdw.log_requests = on");
my $services = 'SELECT * FROM exo.dbaas_services';
my $logs = q{SELECT * FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' LIMIT 3};
my $before = length log_text();
run($services);
run($logs);
run('EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM exo.dbaas_metrics');
run('SELECT * FROM dbaas_fdw_stats()');
run('SELECT * FROM dbaas_fdw_options()');
run('SELECT * FROM pg_stat_activity');
run(    "PREPARE p(text) AS SELECT * FROM exo.dbaas_logs "
	  . "WHERE service_name = \$1 LIMIT 1; EXECUTE p('pg-1-0001')");
run('BEGIN; DECLARE c CURSOR FOR SELECT * FROM exo.dbaas_logs; FETCH 2 FROM c; ROLLBACK');

foreach my $fault (
	(   map { { action => 'status', status => $_, body => '{"message":"no"}' } } 400,
		401, 403, 404, 409, 422, 429, 500, 503),
	{ action => 'close' },
	{ action => 'cut' },
	{ action => 'body', body => 'not JSON' },
	{ action => 'redirect', location => $t->sim->url . '/zone' },
	{ action => 'stall', ms => 60000 })
{
	$t->sim->fault({ zone => 'at-vie-1', path => '/dbaas-service', times => -1, %$fault });
	run($fault->{action} eq 'stall'
		? "BEGIN; SET LOCAL statement_timeout = '1s'; $services; ROLLBACK"
		: $services);
	$t->sim->clear_faults;
}
my $text = substr log_text(), $before;
clean('the server log', $text);
clean('what the client was told', $said);
cmp_ok(length $text, '>', 100_000, 'the log is at its most talkative');
like($said, qr/HTTP status 403/, 'and the client saw errors');
like($said, qr/DEBUG/, 'and debug messages');
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 9, 'the session works');

# A wrong secret is not shown either
my $error = $session->sql_error(
		q{SET client_min_messages = notice; CREATE USER MAPPING FOR PUBLIC SERVER exoscale }
	  . q{OPTIONS (api_key 'k', api_secret '')});
is($error->{sqlstate}, '22023', 'an empty secret is refused');
$error = $session->sql_error(
	qq{CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (api_secrt '$secret')});
clean('the error of a misspelt option', $error->{stderr} =~ s/^(?:.*LINE \d+:).*//msr);
like($error->{hint}, qr/api_secret/, 'whose hint names the option that was meant');

# What log_requests logs: the request, its status or failure, its time
foreach my $line (
	qr{GET /zone: status 200 in [\d.]+ ms},
	qr{GET /dbaas-service in zone de-fra-1: status 200 in [\d.]+ ms},
	qr{POST /dbaas-service-logs/pg-1-0001 in zone ch-gva-2: status 200 in [\d.]+ ms},
	qr{GET /dbaas-service in zone at-vie-1: status 503 in [\d.]+ ms},
	qr{GET /dbaas-service in zone at-vie-1: failed in [\d.]+ ms: .+})
{
	like($text, qr/LOG: .*dbaas_fdw: $line/, "log_requests logs $line");
}
$session->sql('SET dbaas_fdw.log_requests = off');
$before = length log_text();
$session->sql($services);
unlike(substr(log_text(), $before), qr/dbaas_fdw: GET/, 'and nothing when it is off');

# The secret may be in a file
$t->sql("ALTER SYSTEM RESET $_") foreach 'ALL';
$t->node->reload;
my $file = $t->node->basedir . '/secret';

sub write_secret
{
	my ($content) = @_;
	PostgreSQL::Test::Utils::append_to_file($file, '');
	open my $handle, '>', $file or die "$file: $!";
	print $handle $content;
	close $handle or die "$file: $!";
	return;
}
write_secret("$secret\n");
my $key = $t->sim->key;
$t->sql(
	"DROP USER MAPPING FOR CURRENT_USER SERVER exoscale;
	CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale
		OPTIONS (api_key '$key', api_secret_file '$file')"
);
is($session->sql('SELECT count(*) FROM exo.dbaas_services'),
	9, 'api_secret_file: the secret is read from the file');
foreach my $content ($secret, "$secret\r\n", "$secret\nsecond line\n")
{
	write_secret($content);
	is($t->sql('SELECT count(*) FROM exo.dbaas_services'),
		9, 'its first line counts, however it ends');
}
foreach my $case ([ '', 'an empty file' ], [ "\n$secret\n", 'an empty first line' ])
{
	my ($content, $name) = @$case;
	write_secret($content);
	$t->sim->clear;
	$error = $t->sql_error($services);
	is($error->{sqlstate}, '28000', "$name: 28000");
	is(scalar(() = $t->sim->requests), 0, "$name: nothing is sent");
	clean("$name: the error", $error->{stderr});
}
write_secret("wrong $secret\n");
$error = $t->sql_error($services);
is($error->{sqlstate}, '28000', 'a wrong secret: the API refuses it');
clean('the error', $error->{stderr});
unlink $file;
$error = $t->sql_error($services);
is($error->{sqlstate}, '28000', 'a file that is not there: 28000');
like($error->{stderr}, qr/No such file/, 'the error says so');
mkdir $file;
is($t->sql_error($services)->{sqlstate}, '28000', 'a directory: 28000');
rmdir $file;

done_testing();
