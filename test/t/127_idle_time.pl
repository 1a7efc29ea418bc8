# A backend that does something else while an answer is on its way is not the
# API's fault: only the time in which requests were driven counts.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 1200, import => 0);
my $timeout = $t->patience(3);
my $pause = $timeout + 1;
$t->create_server(request_timeout => $timeout, max_retries => 0);

my $n = $t->sql(
	qq{
	CREATE FUNCTION slow_loop() RETURNS bigint LANGUAGE plpgsql AS \$\$
	DECLARE r record; n bigint := 0;
	BEGIN
		FOR r IN SELECT message FROM exo.dbaas_logs WHERE zone = 'ch-gva-2'
			AND service_name = 'pg-1-0001' LOOP
			n := n + 1;
			IF n = 10 THEN PERFORM pg_sleep($pause); END IF;
		END LOOP;
		RETURN n;
	END \$\$;
	SELECT slow_loop()});
is($n, 1200, 'a loop that pauses for longer than request_timeout reads on');

my $session = $t->session;
$session->sql("BEGIN; DECLARE c CURSOR FOR SELECT name FROM exo.dbaas_services");
is($session->sql('FETCH 2 FROM c'), "pg-1-0001\nmysql-1-0002", 'a cursor');
sleep $pause;
is($session->sql('MOVE ALL FROM c; SELECT 1'), '1', 'reads on after a pause');
$session->sql('COMMIT');

# Time that a request is waited for does count, also when the session was idle before
sleep 1;
$t->sim->fault({ path => '/dbaas-service', action => 'stall', times => -1 });
my $error = $session->sql_error('SELECT * FROM exo.dbaas_services');
is($error->{sqlstate}, '08001', 'a stalled request times out');

done_testing();
