package DbaasProcess;

=head1 NAME

DbaasProcess - how the APIs and relays end that tests run as processes of their own

=head1 DESCRIPTION

A base class.  Its objects have pid, the process; control, a socket to it, at whose end it exits;
and owner, the process that began it, with whose object it ends.

=cut

use strict;
use warnings;

use Socket qw(SHUT_RDWR);

sub DESTROY
{
	my ($self) = @_;
	return if $$ != $self->{owner};
	my $status = $?;
	# Another process of ours may have it open
	shutdown $self->{control}, SHUT_RDWR;
	waitpid $self->{pid}, 0;
	$? = $status;    ## no critic (RequireLocalizedPunctuationVars): lost where all is destroyed
	return;
}

1;
