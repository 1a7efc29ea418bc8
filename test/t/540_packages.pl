# The Debian packages: what debian/ says is what the rest of the tree says, and the simulator's
# manual page has the options of --help.  "make deb" builds, installs and tests them.
use strict;
use warnings;

use DbaasDocs qw(read_lines chapter);
use DbaasSim;
use IPC::Run ();
use Test::More;

sub text_of
{
	my ($file) = @_;
	return join("\n", read_lines($file)) . "\n";
}

# What a program prints, warnings first
sub said
{
	my (@command) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err) or diag("@command: $err");
	return $err . $out;
}

my $rules = text_of('debian/rules');
my $control = text_of('debian/control.in');
my ($version) = text_of('dbaas_fdw.control') =~ /^default_version = '(.*)'/m;

my ($entry) = (read_lines('debian/changelog'))[0];
like($entry, qr/^dbaas-fdw \(\Q$version\E-\d+\) /,
	'the packages have the version of the extension');
SKIP:
{
	skip 'dpkg-parsechangelog is not here', 1 unless -x '/usr/bin/dpkg-parsechangelog';
	my $parsed = said('dpkg-parsechangelog', '--all', '-l', "$ENV{TESTDIR}/debian/changelog");
	like($parsed, qr/^Source: dbaas-fdw\nVersion: \Q$version\E-/, 'dpkg reads the changelog');
}

my ($supported) = text_of('test/install-deps') =~ /^supported=\((.*)\)$/m;
is(join(' ', read_lines('debian/pgversions')), $supported, 'they are for the same PostgreSQL');
my %made = map { ($control =~ s/PGVERSION/$_/gr => 1) } split ' ', $supported;
ok($made{ text_of('debian/control') }, 'and control is that for one of them');

my ($depends) = $control =~ /^Build-Depends:\n((?: .*\n)+)/m;
my %depends = map { ($_ => 1) } $depends =~ /^ ([a-z0-9.-]+)/mg;
my @libraries = text_of('test/install-deps') =~ /^\tneed (\S+-dev) pkg-config --exists /mg;
cmp_ok(scalar @libraries, '>', 3, 'there are libraries');
is(join(' ', grep { !$depends{$_} } @libraries), '', 'which building the packages installs too');

# The licence, and that there is one alone
my ($licence) = text_of('LICENSE') =~ /^(Permission .*)/ms;
is( text_of('debian/copyright') =~ s/.*^License: PostgreSQL\n(?= )//msr,
	$licence =~ s/^$/./mgr =~ s/^/ /mgr,
	'the licence is that of LICENSE');
my @files =
  map { s{^\Q$ENV{TESTDIR}\E/}{}r } glob "$ENV{TESTDIR}/{src,sim,sql,examples,doc}/{*,*/*}";
my @others =
  grep { -f "$ENV{TESTDIR}/$_" && !/\.png$/ && text_of($_) =~ /\bcopyright\s+(?:\(c\)|\d)/i }
  @files;
is("@others", '', 'and no file has another one');

# What the rules name
my @named = $rules =~ m{(?<=[\s=])((?:doc|examples|test|sim)(?:/[\w.-]+)?|[A-Z]+\.md)(?=[\s/]|$)}mg;
cmp_ok(scalar @named, '>', 5, 'the rules name files');
is(join(' ', grep { !-e "$ENV{TESTDIR}/$_" } @named), '', 'which there are');
my @tests = map { split /[\s,]+/ } text_of('debian/tests/control') =~ /^Tests: (.*)/mg;
is("@tests", 'demo installcheck', 'two tests run on what is installed');
is(join(' ', grep { !-x "$ENV{TESTDIR}/debian/tests/$_" } @tests), '', 'and can be run');

# The options of the simulator, and their words
my $help = said(DbaasSim::program(), '--help');
my %help = $help =~ /^  --(\S+)\s+(?:[A-Z]+ .*?: )?(.*)/mg;
my $page = text_of('sim/dbaas-sim.1');
my %page;
while ($page =~ /^\.It Fl Fl (\S+).*\n((?:[^.].*\n)+)/mg)
{
	my ($name, $words) = ($1, $2);
	$page{$name} = join ' ', split /\n/, $words;
}
cmp_ok(scalar keys %help, '>', 10, 'the simulator has options');
is_deeply(\%page, \%help, 'the manual page has them, as --help does');
my %table =
  map { ($_ => 1) } chapter('Command line', read_lines('doc/simulator.md')) =~ /`--([a-z-]+)/g;
is(join(' ', sort keys %table), join(' ', sort keys %help), 'and so has the documentation');

done_testing();
