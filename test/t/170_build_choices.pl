# A compiler of several words counts as one; a compiler or pg_config that is none is named in one line;
# and what was built for one PostgreSQL is built anew for another.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils ();
use Test::More;

# What a command says, and whether it succeeds, with a variable set
sub told
{
	my ($command, $name, $value) = @_;
	local $ENV{$name} = $value;
	local $ENV{LC_ALL} = 'C';
	local $ENV{MAKEFLAGS} = '';    # what "make VARIABLE=VALUE test" gives would count for more
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run($command, '<', \undef, '>', \$out, '2>', \$err);
	return ($done ? 'done' : 'failed', $out . $err);
}

sub looked { return told(['test/install-deps'], 'CC', shift) }

foreach my $cc ('env cc', '')
{
	is_deeply([ looked($cc) ], [ 'done', '' ], "CC='$cc' compiles, and nothing is missing");
}

foreach my $cc ('no-such-compiler', 'env no-such-compiler', 'cc --no-such-option')
{
	is_deeply([ looked($cc) ],
		[ 'failed', "CC=$cc cannot compile, and cc can.\n" ],
		"CC='$cc' is named as what is wrong, and nothing is installed");
}

foreach my $program ('/nonexistent', '/bin/true', '/bin/ls')
{
	my $line = "PG_CONFIG=$program is not the pg_config of a PostgreSQL.";
	is_deeply([ told(['test/install-deps'], 'PG_CONFIG', $program) ], [ 'failed', "$line\n" ], "$program is none, for the tests");
	my ($done, $text) = told([ 'make', '-n' ], 'PG_CONFIG', $program);
	is($done, 'failed', "nor for make");
	like($text, qr/^Makefile:\d+: \*\*\* \Q$line\E  Stop\.$/, 'which says so in one line');
}

# Where "cd" says where it went, the scripts still find themselves
{
	local $ENV{CDPATH} = '.';
	my ($done, $text) = told([ 'test/with-simulator', 'true' ], 'DBAAS_SIM_ARGS', '--services 1');
	is($done, 'done', 'a script under CDPATH') or diag($text);
}

my $dir = PostgreSQL::Test::Utils::tempdir();
my $other = "$dir/pg_config";
PostgreSQL::Test::Utils::append_to_file($other, <<"END");
#!/bin/sh
[ "\$1" != --version ] || { echo 'PostgreSQL 15.0 (another one)'; exit; }
exec $ENV{PG_CONFIG} "\$@"
END
chmod 0755, $other or die "$other: $!";
my @objects = map { s/c$/o/r } 'dbaas_fdw.c', glob 'src/*.c';
foreach my $case ([ $ENV{PG_CONFIG}, 'the PostgreSQL that it was built for' ], [ $other, 'another one', @objects ])
{
	my ($pg_config, $name, @wanted) = @$case;
	my ($done, $text) = told([ 'make', '-n' ], 'PG_CONFIG', $pg_config);
	is($done, 'done', "make for $name") or diag($text);
	is(join(' ', sort $text =~ / -o (\S+\.o) /g), join(' ', sort @wanted), 'compiles what it has to');
}

done_testing();
