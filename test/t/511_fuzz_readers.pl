# What reads texts from outside does so with any text: no sanitizer finds fault, and what
# test/fuzzers holds of each is so.  "make fuzz FUZZ=readers" is the long form of this.
use strict;
use warnings;

use DbaasFuzz qw(fuzz);
use Test::More;

my %count = (rows => 4000, paths => 4000, options => 2000, secrets => 500, values => 4000);

foreach my $name (sort keys %count)
{
	my ($accepted, $refused) = fuzz($name, $count{$name});
	cmp_ok($accepted, '>', $count{$name} / 10, "$name: many are accepted");
	cmp_ok($refused, '>', $count{$name} / 10, "$name: and many are not");
}

done_testing();
