# A request that cannot be signed for want of memory is not sent: the API would refuse it, and
# the error would blame the key.
use strict;
use warnings;

use DbaasTest;
use Test::More;

# libcurl's parser of URLs has no memory while a file is there
my $dir = PostgreSQL::Test::Utils::tempdir();
PostgreSQL::Test::Utils::append_to_file("$dir/memory.c", <<"END");
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

void *
curl_url(void)
{
	void	   *(*real) (void) = dlsym(RTLD_NEXT, "curl_url");

	return access("$dir/fail", F_OK) == 0 ? NULL : real();
}
END
if (system("cc -shared -fPIC -o $dir/memory.so $dir/memory.c -ldl >$dir/cc.log 2>&1") != 0)
{
	diag('skipped: what a lack of memory does was NOT tested; install a C compiler');
	plan skip_all => 'SKIPPED: no C compiler';
}

local $ENV{LD_PRELOAD} = join ' ', grep { $_ } $ENV{LD_PRELOAD}, "$dir/memory.so";
my $t       = DbaasTest->new(services => 2, logs => 0, operation_time => 0);
my $session = $t->session;

my $update = q{UPDATE exo.dbaas_services SET plan = 'business-8' WHERE name = 'pg-1-0001'};

foreach my $sql ('SELECT * FROM exo.dbaas_services', $update)
{
	$session->sql('SELECT * FROM exo.dbaas_services');
	$t->sim->clear;
	PostgreSQL::Test::Utils::append_to_file("$dir/fail", '');
	my $error = $session->sql_error($sql);
	is($error->{sqlstate}, '53200',         "without memory: $sql");
	is($error->{message},  'out of memory', 'the error says so');
	is(scalar($t->sim->requests), 0, 'and nothing is sent');
	unlink "$dir/fail" or die "$dir/fail: $!";
}

# Between the statement and its COMMIT
$session->sql("BEGIN; $update");
PostgreSQL::Test::Utils::append_to_file("$dir/fail", '');
$t->sim->clear;
my $error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '53200', 'a COMMIT fails as well');
is(scalar($t->sim->requests), 0, 'and sends nothing');
unlink "$dir/fail" or die "$dir/fail: $!";
is($session->sql("$update RETURNING plan"), 'business-8', 'and the session goes on');

done_testing();
