#!/usr/bin/env perl
# The patches of "make mutate": each applies to the tree, names tests that are there, and says what
# the defect did that it puts back; and every point of their list has one, or a reason.

use strict;
use warnings;
use DbaasMutations;
use Test::More;

chdir $ENV{TESTDIR} if $ENV{TESTDIR};
my @files = DbaasMutations::files();
cmp_ok(scalar @files, '>', 100, 'there are mutations');
my @mutations = map { DbaasMutations::read_mutation($_) } @files;

# One run for each: a patch that is right alone need not fit another one
my $has_git = system('git --version >/dev/null 2>&1') == 0;
my (%seen, @bad);
foreach my $mutation (@mutations)
{
	my $name = $mutation->{name};
	push @bad, "$name: its number is taken" if $seen{ $mutation->{number} }++;
	push @bad, "$name: does not say what the defect did" if length $mutation->{text} < 40;
	push @bad, "$name: names no test" unless @{ $mutation->{tests} };
	push @bad, map { "$name: there is no test $_" }
	  grep { !-f (/^sql:(.*)/ ? "sql/$1.sql" : "test/t/$_") } @{ $mutation->{tests} };
	push @bad, "$name: changes nothing" unless @{ $mutation->{changed} };
	next unless $has_git;
	my $said = qx(git apply --check $mutation->{file} 2>&1);
	push @bad, "$name: $said" if $?;
}
is(join("\n", @bad), '', 'each applies, names its tests and what it puts back');

open my $list, '<', 'test/mutations/README.md' or die "test/mutations/README.md: $!";
my %reason = map { /^\| (\d\d) \| .* \| (.*) ?\|$/ ? ($1 => $2) : () } <$list>;
close $list;
is( join(' ', sort keys %reason),
	join(' ', map { sprintf '%02d', $_ } 1 .. 37),
	'the list has all points');
my %has = map { (substr($_->{number}, 0, 2) => 1) } @mutations;
is(join(' ', grep { !$has{$_} && !$reason{$_} } sort keys %reason),
	'', 'each has a mutation, or a reason why not');
is(join(' ', grep { $has{$_} && $reason{$_} } sort keys %reason), '', 'and not both');

done_testing();
