# The simulator takes any request: no sanitizer finds fault, and a request that is not
# signed, or is refused, changes nothing.  "make fuzz FUZZ=simulator" is the long form of this.
use strict;
use warnings;

use DbaasFuzz qw(fuzz);
use Test::More;

my ($accepted) = fuzz('requests', 300);
cmp_ok($accepted, '>', 150, 'many requests are successful');

done_testing();
