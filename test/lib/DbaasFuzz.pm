package DbaasFuzz;

=head1 NAME

DbaasFuzz - the fuzzers of test/fuzzers, without libFuzzer

=head1 SYNOPSIS

    use DbaasFuzz qw(fuzz);

    my ($accepted, $refused) = fuzz('rows', 5000);

=head1 FUNCTIONS

=over

=item fuzz($name, $count, @files)

Builds the fuzzer, with sanitizers, and gives it the texts in test/fuzzers/$name.txt and in the
files, and $count random changes of them.  DBAAS_RANDOM_SEED makes others.  Returns how many texts
were accepted and how many refused.

=back

=cut

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

our @EXPORT_OK = qw(fuzz);

sub fuzz
{
	my ($name, $count, @files) = @_;
	my $seed = $ENV{DBAAS_RANDOM_SEED} // 20261126;
	my $dir = 'test/fuzzers';

	# One build at a time, since tests run at once
	my $build = `flock $dir/Makefile make -s -j 2 -C $dir files/$name 2>&1`;
	is($?, 0, "$name: the fuzzer is built outside of a backend, with sanitizers");
	is($build, '', "$name: without a warning");

	my $command = join ' ', "$dir/files/$name", $seed, $count, "$dir/$name.txt", "$dir/$name.dict",
	  @files;
	note($command);
	my $output = `$command 2>&1`;
	is($?, 0, "$name: nothing is wrong with $count random texts") or diag(substr $output, 0, 4000);
	my ($accepted, $refused) = $output =~ /^\d+ texts: (\d+) accepted, (\d+) refused$/m;
	return ($accepted // 0, $refused // 0);
}

1;
