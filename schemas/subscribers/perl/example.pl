#!/usr/bin/perl
# Prints the trusted positions every second, one line of JSON for each account.
#   usage: example.pl [ENDPOINT [SERVER_KEY PUBLIC_KEY SECRET_KEY_FILE]]
use v5.36;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use PositionBridge;

my ($endpoint, $server_key, $public_key, $secret_key_file) = @ARGV;
my %keys;
if ($secret_key_file) {
    open my $file, '<', $secret_key_file or die "$secret_key_file: $!";
    chomp(my $secret_key = <$file>);
    %keys = (server_key => $server_key, public_key => $public_key, secret_key => $secret_key);
}
my $bridge = PositionBridge->new(endpoint => $endpoint // 'tcp://127.0.0.1:5556', %keys);
my $json = JSON::PP->new->canonical->utf8;
$| = 1;

my $next = 0;
while (1) {
    $bridge->receive(0.1);
    next if PositionBridge::now() < $next;
    $next = PositionBridge::now() + 1;
    for my $name (sort keys %{ $bridge->accounts }) {
        my $positions = $bridge->trusted($name);
        my %sizes     = map { $_ => "$positions->{$_}{side} $positions->{$_}{size}" }
          keys %{ $positions // {} };
        say $json->encode({ account => $name, losses => $bridge->losses,
            positions => $positions ? \%sizes : undef });
    }
}
