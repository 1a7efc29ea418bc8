# The pages for developers: the file map has every source file, the folders are those of
# test/check-layers, files that are named are there, and the table that is added
# as an example compiles.  Each table of the catalogue has a test.
use strict;
use warnings;

use DbaasDocs qw(pages read_lines blocks chapter);
use PostgreSQL::Test::Utils;
use Test::More;

my @lines = read_lines('doc/internals.md');

my ($map) = chapter('File map', @lines) =~ /^(.*?)^Where to look first/ms;
my %mapped;
while ($map =~ /^\| `(\S+?)(\.c|\.h|)`(, `\.h`)?/mg)
{
	$mapped{"$1$2"} = 1;
	$mapped{"$1.h"} = 1 if $3;
}
my @sources = map { s{^\Q$ENV{TESTDIR}\E/}{}r } glob "$ENV{TESTDIR}/src/*/*.[ch]";
is(join("\n", grep { !$mapped{$_} } @sources), '', 'every source file is in the map');
is(join("\n", grep { !-e "$ENV{TESTDIR}/$_" } sort keys %mapped), '', 'and those in the map exist');

my $internals = join("\n", @lines);
my ($contents) = $internals =~ /^## Contents\n(.*?)^## /ms;
is( join("\n", $contents =~ /\[(.*?)\]/g),
	join("\n", grep { $_ ne 'Contents' } $internals =~ /^## (.*)$/mg),
	'the contents are the chapters');

# The folders, from the top: those that test/check-layers holds the sources to
my ($folders) = join("\n", read_lines('test/check-layers')) =~ /^__DATA__\n(.*?)\n\n/ms;
my ($table) = $internals =~ /^(\| folder of .*?\n)\n/ms;
my @shown = map { /^\| (`\w+`.*?) \| / ? $1 =~ s/`//gr : () } split /\n/, $table // '';
is( join("\n", @shown),
	join("\n", reverse map { join ', ', split ' ' } split /\n/, $folders),
	'the folders are in the order of what they may know');

# The table that is added as an example compiles, with its write
my ($columns, $entry, $writes) = map { $_->{text} } blocks('c', read_lines('CONTRIBUTING.md'));
$entry =~ s/^(\t\},\n)\z/$writes$1/m;
$entry =~ s/\n(?=\t\t\.identity)/,\n/;
my $catalogue = join("\n", read_lines('src/tables/catalogue.c'));
$catalogue =~ s/^(DbaasResource dbaas_catalogue_entries\[\] = \{\n)/$columns\n$1$entry/m;
chomp(my $includes = `"$ENV{PG_CONFIG}" --includedir-server`);
my $tried = PostgreSQL::Test::Utils::tempdir() . '/catalogue.c';
append_to_file($tried, $catalogue);
my $cc = $ENV{CC} || 'cc';
my $flags = qq(-fsyntax-only -Wall -Werror -D_GNU_SOURCE -I"$ENV{TESTDIR}/src" -I"$includes");
is(`$cc $flags "$tried" 2>&1`, '', 'the table that is added as an example compiles');

# Each table is read or written by a test, which names it
my $tests = join "\n",
  map { slurp_file($_) } glob "$ENV{TESTDIR}/sql/*.sql $ENV{TESTDIR}/test/t/*.pl";
my @tables = join("\n", read_lines('src/tables/catalogue.c')) =~ /\.table = "(\w+)"/g;
cmp_ok(scalar @tables, '>', 20, 'the catalogue has tables');
is(join(' ', grep { $tests !~ /\b$_\b/ } @tables), '', 'and each is named in a test');

# What the pages name is there
chdir $ENV{TESTDIR} or die "chdir: $!";
foreach my $page (grep { /CONTRIBUTING|internals|decisions/ } pages())
{
	my $text = join("\n", read_lines($page));
	my @files = $text =~ m{`((?:src|sql|sim|test|bench|examples|doc|\.ci)/[\w./-]+)`}g;
	is(join(' ', grep { !-e && !/events/ } @files), '', "the files that $page names are there");
}

done_testing();
