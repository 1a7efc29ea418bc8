package DbaasHistory;

=head1 NAME

DbaasHistory - collect a history from a TAP test

=head1 SYNOPSIS

    use DbaasHistory;

    my $h = DbaasHistory->new($t);          # a DbaasTest; makes hist over exo
    is($h->collect, '', 'it says nothing');  # what it says: notices, warnings
    is($h->run->{failed}, 0, 'nothing failed');
    is_deeply([ $h->asked('/dbaas-service-logs/*') ], [], 'and nothing was asked');

=head1 METHODS

=over

=item new($test, $history, $tables)

Makes the history (default: hist over exo).

=item collect

Forgets the requests so far, collects, and returns what was said.  Dies if it fails.

=item run

The last run, as a hash; rows_added and problems are decoded.

=item added

"relation rows" of the last run, for those that are not 0, sorted.

=item problems

The problems of the last run, each as a text of its members.

=item asked($pattern)

"method zone path" of the requests of the last collection whose path matches the pattern (* for
anything), sorted; those for the zones are left out.

=item requests

The requests of the last collection, as the simulator tells them.

=item differs($service)

What the log of a service, or all logs, has and the history has not as often, and the other way
round, as a text.

=back

=cut

use strict;
use warnings;

use Cpanel::JSON::XS ();

my $json = Cpanel::JSON::XS->new->canonical;

sub new
{
	my ($class, $test, $history, $tables) = @_;
	my $self = bless { test => $test, name => $history // 'hist', tables => $tables // 'exo' },
	  $class;
	$test->sql("SELECT dbaas_fdw_history('$self->{tables}', '$self->{name}')");
	return $self;
}

sub collect
{
	my ($self, $settings) = @_;
	$self->{test}->sim->clear;
	my ($status, undef, $said) =
	  $self->{test}
	  ->sql_both(($settings // '') . "; CALL public.dbaas_fdw_collect('$self->{name}')");
	die $said if $status != 0;
	$self->{requests} = [ $self->{test}->sim->requests ];
	$said =~ s/^LOCATION: .*\n?//mg;
	return $said;
}

sub run
{
	my ($self) = @_;
	my $run = $json->decode($self->{test}
		  ->sql("SELECT to_jsonb(r) FROM $self->{name}.runs AS r ORDER BY id DESC LIMIT 1"));
	return $run;
}

sub added
{
	my ($self) = @_;
	my $added = $self->run->{rows_added};
	return join ', ', map { "$_ $added->{$_}" } grep { $added->{$_} } sort keys %$added;
}

sub problems
{
	my ($self) = @_;
	return map {
		my $problem = $_;
		join ' ', map { $problem->{$_} // '-' } qw(relation zone service_name sqlstate)
	} @{ $self->run->{problems} };
}

sub requests { return @{ $_[0]{requests} } }

sub asked
{
	my ($self, $pattern) = @_;
	my $matching = join '.*', map { quotemeta } split /\*/, $pattern // '*', -1;
	my @asked = sort map { "$_->{method} $_->{zone} $_->{path}" }
	  grep { $_->{path} ne '/zone' && $_->{path} =~ /^$matching$/ } @{ $self->{requests} };
	return @asked;
}

sub differs
{
	my ($self, $service) = @_;
	my $where = defined $service ? "WHERE service_name = '$service'" : '';
	my $columns = 'zone, service_name, time, node, unit, message';
	my $kept = "SELECT $columns FROM $self->{name}.logs $where";
	my $there = "SELECT $columns FROM $self->{tables}.dbaas_logs $where";
	return $self->{test}->sql(
		"SELECT 'lost', * FROM ($there EXCEPT ALL $kept) AS l
		UNION ALL SELECT 'added', * FROM ($kept EXCEPT ALL $there) AS a");
}

1;
