package DbaasMutations;

=head1 NAME

DbaasMutations - the patches of test/mutations, each of which puts a defect back

=head1 DESCRIPTION

test/mutations/README.md says what they look like.

=head1 FUNCTIONS

=over

=item files

The patches, in their order.

=item read_mutation($file)

A hash: file, name (without .patch), number, text (what the defect did), tests, needs (a command, or
undef) and changed (files).  Tests and changed are references to lists.

=back

=cut

use strict;
use warnings;
use File::Basename qw(basename);

sub files
{
	my @files = sort glob 'test/mutations/*.patch';
	return @files;
}

sub read_mutation
{
	my ($file) = @_;
	my %mutation = (file => $file, text => '', tests => [], changed => []);
	@mutation{ 'name', 'number' } = basename($file) =~ /^((\d{3})-[a-z0-9-]+)\.patch$/
	  or die "$file: its name is to be NNN-what-it-puts-back.patch\n";
	open my $fh, '<', $file or die "$file: $!\n";
	my $in_text = 1;
	while (my $line = <$fh>)
	{
		$in_text = 0 if $line =~ /^(?:diff|Tests:|Needs:) ?/;
		$mutation{text} .= $line if $in_text;
		$mutation{tests} = [ split ' ', $1 ] if $line =~ /^Tests: (.*)/;
		$mutation{needs} = $1 if $line =~ /^Needs: (.*)/;
		push @{ $mutation{changed} }, $1 if $line =~ m{^\+\+\+ b/(\S+)};
	}
	return \%mutation;
}

1;
