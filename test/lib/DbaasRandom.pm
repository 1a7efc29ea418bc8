package DbaasRandom;

=head1 NAME

DbaasRandom - what the tests with random queries have in common

=head1 SYNOPSIS

    use DbaasRandom qw(random_run random_goes_on pick chance shuffled);

    my $count = random_run(20261126, 120);
    one_case() while random_goes_on();

    my $column = pick('zone', 'name');
    my $more = chance(0.3) ? 'LIMIT 1' : '';
    my $where = join ' AND ', shuffled(@conditions);

=head1 FUNCTIONS

=over

=item random_run($seed, $count)

Begins a run that is always the same, and says how to repeat it.  DBAAS_RANDOM_SEED makes another.
Returns how many queries to run, for which DBAAS_RANDOM_COUNT goes before $count.

=item random_goes_on()

True before each case of the run that random_run() began, until $count of them are done; or, where
DBAAS_RANDOM_SECONDS is set, until so many seconds have passed since random_run().

=item pick(@all), chance($share), shuffled(@all)

One of them; true in that share of the calls; all of them in some order.

=back

=cut

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

our @EXPORT_OK = qw(random_run random_goes_on pick chance shuffled);

my ($left, $ends);

sub random_run
{
	my ($seed, $count) = @_;
	$seed = $ENV{DBAAS_RANDOM_SEED} // $seed;
	$count = $ENV{DBAAS_RANDOM_COUNT} // $count;
	srand $seed;
	my $seconds = $ENV{DBAAS_RANDOM_SECONDS};
	diag("DBAAS_RANDOM_SEED=$seed ",
		$seconds ? "DBAAS_RANDOM_SECONDS=$seconds" : "DBAAS_RANDOM_COUNT=$count");
	$left = $count;
	$ends = $seconds ? time + $seconds : undef;
	return $count;
}

sub random_goes_on
{
	return $ends ? time < $ends : $left-- > 0;
}

sub pick   { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

sub shuffled
{
	my @all = @_;
	for (my $i = @all; --$i > 0;)
	{
		my $j = int rand $i + 1;
		@all[ $i, $j ] = @all[ $j, $i ];
	}
	return @all;
}

1;
