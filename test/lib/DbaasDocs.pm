package DbaasDocs;

=head1 NAME

DbaasDocs - the pages of the documentation, as tests read them

=head1 SYNOPSIS

    use DbaasDocs qw(pages read_lines anchor blocks chapter);

    foreach my $page (pages()) { my @lines = read_lines($page); ... }

=cut

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(pages read_lines anchor blocks chapter);

# README.md first, then every other page, by name
sub pages
{
	my @pages = map { s{^\Q$ENV{TESTDIR}\E/}{}r }
	  glob "$ENV{TESTDIR}/doc/*.md $ENV{TESTDIR}/doc/*/*.md";
	return ('README.md', (grep { -e "$ENV{TESTDIR}/$_" } 'CONTRIBUTING.md'), sort @pages);
}

# The lines of a file of the project
sub read_lines
{
	my ($name) = @_;
	open my $file, '<', "$ENV{TESTDIR}/$name" or die "$name: $!";
	chomp(my @read = <$file>);
	return @read;
}

# The anchor of a heading, as renderers of Markdown make it
sub anchor
{
	my ($text) = @_;
	return lc($text) =~ s/[^\w -]//gr =~ s/ /-/gr;
}

# The blocks of a language: the text of each, and the line that it begins in
sub blocks
{
	my ($language, @text) = @_;
	my (@found, $block);
	foreach my $i (0 .. $#text)
	{
		if (!$block && $text[$i] eq "```$language")
		{
			$block = { line => $i + 2, text => '' };
		}
		elsif ($block && $text[$i] eq '```')
		{
			push @found, $block;
			$block = undef;
		}
		elsif ($block)
		{
			$block->{text} .= "$text[$i]\n";
		}
	}
	return @found;
}

# The text below a heading of the second level, up to the next one
sub chapter
{
	my ($heading, @text) = @_;
	my ($found) = join("\n", @text) =~ /^## \Q$heading\E\n(.*?)(?=^## |\z)/ms;
	return $found // '';
}

1;
