# What a release is made of agrees: the version in the control file, the scripts,
# the changelog with its dates, and the metadata for the PostgreSQL Extension Network.
# And the table of "make release-check" has each check, whatever it prints and leaves.
use strict;
use warnings;

use PostgreSQL::Test::Utils qw(slurp_file append_to_file);
use JSON::PP;
use Test::More;

chdir $ENV{TESTDIR} or die "$ENV{TESTDIR}: $!";
chomp(my $version = qx(make -s version));
like($version, qr/^\d+(?:\.\d+)+$/, 'make says the version');

# The changelog
my @headings = slurp_file('CHANGELOG.md') =~ /^## (.*)$/mg;
my @dated = grep { /^\d+(?:\.\d+)+ \(\d{4}-\d\d-\d\d\)$/ } @headings;
is_deeply(\@dated, \@headings, 'each version of the changelog has a date');
my @versions = map { (split)[0] } @dated;
my @dates = map { (split)[1] } @dated;
is($versions[0], $version, 'the first is this version');
is_deeply([ sort { $b cmp $a } @dates ], \@dates, 'and the older ones are below');

# One script that makes the first version, and one from each to the next
my @oldest_first = reverse @versions;
my @expected = ("sql/dbaas_fdw--$oldest_first[0].sql");
push @expected,
  map { "sql/dbaas_fdw--$oldest_first[$_ - 1]--$oldest_first[$_].sql" } 1 .. $#oldest_first;
is_deeply(
	[ glob 'sql/dbaas_fdw--*.sql' ],
	[ sort @expected ],
	'the scripts lead from each version to the next');

# What PGXN asks of META.json
my $pgxn_version = $version;
$pgxn_version .= '.0' while $pgxn_version !~ /^\d+\.\d+\.\d+$/;
my $meta = decode_json(slurp_file('META.json.in') =~ s/\@VERSION\@/$pgxn_version/gr);
ok(defined $meta->{$_}, "META.json has $_") foreach qw(abstract maintainer);
is($meta->{license}, 'postgresql', 'the licence, by the name that PGXN has for it');
is($meta->{release_status}, 'stable', 'it is a release');
is($meta->{'meta-spec'}{version}, '1.0.0', 'the specification that it follows');
is($meta->{name}, 'dbaas_fdw', 'the name');
is_deeply([ keys %{ $meta->{provides} } ], ['dbaas_fdw'], 'it provides the extension');

foreach my $of ($meta, $meta->{provides}{dbaas_fdw})
{
	is($of->{version}, $pgxn_version, 'in this version, with three numbers');
}
ok(-f $meta->{provides}{dbaas_fdw}{$_}, "its $_ is there") foreach qw(file docfile);
is($meta->{prereqs}{runtime}{requires}{PostgreSQL},
	'15.0.0', 'it needs the PostgreSQL that the Makefile does');
like(slurp_file('Makefile'), qr/PG_MAJOR\) -lt 15\b/, 'which is this one');

# By a make that does nothing
my $bin = PostgreSQL::Test::Utils::tempdir();
append_to_file("$bin/make", <<'END');
#!/bin/sh
case "$*" in
	*version) echo 9.9 ;;
	soak) echo "set: $MAKEFLAGS $SOAK_SECONDS $DBAAS_RANDOM_SECONDS" ;;
	check-warnings) printf '%s\n' 'gcc: SKIPPED, none' 'No warnings.' '' 'Result: PASS' ;;
	lint | bare)
		mkdir -p test/results && echo "$*" >>test/results/left
		echo "$* says"
		exit 1
		;;
esac
END
chmod 0755, "$bin/make";
local $ENV{PATH} = "$bin:$ENV{PATH}";
local @ENV{qw(MAKEFLAGS SOAK_SECONDS DBAAS_RANDOM_SECONDS)} = ('i -- SOAK_SECONDS=1', 1, 1);
my $said = qx(test/release-check warnings format lint bare soak 2>&1);
is($? >> 8, 1, 'a check of a release that fails is told');
my ($table) = $said =~ /^dbaas_fdw 9\.9, [^\n]*\n(.*)\z/ms;
is($table =~ s/ +/ /gr =~ s/ \d+ s ?/:/gr =~ s/: /:/gr, <<'END', 'and the table has all of them');
warnings passed:1 SKIPPED; No warnings.
format passed:
lint FAILED:lint says
bare FAILED:bare says
soak passed:set:
END
qx(test/release-check format);
is($?, 0, 'some pass alone');
is(slurp_file("built/release-check/$_/left"), "$_\n", "what $_ has left is kept")
  foreach qw(lint bare);
is(slurp_file('built/release-check/bare.log'), "bare says\n", 'and what it has said');

done_testing();
