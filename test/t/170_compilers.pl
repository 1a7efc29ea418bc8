# The compiler that a caller chooses counts as one when it is several words, and is named when it is none.
use strict;
use warnings;

use IPC::Run;
use Test::More;

# What test/install-deps says and returns with CC set
sub looked
{
	local $ENV{CC} = shift;
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run(['test/install-deps'], '<', \undef, '>', \$out, '2>', \$err);
	return ($done ? 'done' : 'failed', $out . $err);
}

foreach my $cc ('env cc', '')
{
	is_deeply([ looked($cc) ], [ 'done', '' ], "CC='$cc' compiles, and nothing is missing");
}

foreach my $cc ('no-such-compiler', 'env no-such-compiler', 'cc --no-such-option')
{
	is_deeply([ looked($cc) ],
		[ 'failed', "CC=$cc cannot compile, and cc can.\n" ],
		"CC='$cc' is named as what is wrong, and nothing is installed");
}

done_testing();
