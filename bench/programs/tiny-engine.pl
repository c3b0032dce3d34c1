# An engine of 5 MB that only says that it is well: perl tiny-engine.pl PORT
use strict;
use warnings;
use Socket;

socket(my $server, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
setsockopt($server, SOL_SOCKET, SO_REUSEADDR, 1) or die "setsockopt: $!";
bind($server, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die "bind: $!";
listen($server, 64) or die "listen: $!";

while (accept(my $client, $server)) {
  while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
  syswrite($client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  close($client);
}
