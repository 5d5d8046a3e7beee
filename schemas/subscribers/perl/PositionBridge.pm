# Keeps the current positions of all accounts of a position-bridge, as schemas/README.md describes.
#
#   my $bridge = PositionBridge->new(endpoint => 'tcp://127.0.0.1:5556');
#   while (1) {
#     $bridge->receive(0.1);                       # receive, waiting at most so many seconds
#     my $positions = $bridge->trusted('main');    # undef: unknown
#     say "$_->{symbol} $_->{side} $_->{size}" for values %{ $positions // {} };
#   }
#
# Debian: libzmq-ffi-perl libdata-messagepack-perl. Decimals of a message are strings; read them
# with Math::BigFloat.
package PositionBridge;

use v5.36;
use Data::MessagePack;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use ZMQ::FFI;
use ZMQ::FFI::Constants
  qw(ZMQ_SUB ZMQ_RCVHWM ZMQ_RCVTIMEO ZMQ_DONTWAIT ZMQ_LINGER ZMQ_CURVE_SERVERKEY ZMQ_CURVE_PUBLICKEY
  ZMQ_CURVE_SECRETKEY);

use constant {
    FIRST_WAIT         => 5,     # seconds until a request is repeated
    LONGEST_WAIT       => 60,
    HEARTBEATS_MISSED  => 3,
    MESSAGES_AT_A_TIME => 1000,
};

# Settings: endpoint; optionally heartbeat_interval in seconds and high_water_mark; for an encrypted
# bus server_key, public_key and secret_key, each 40 characters.
sub new ($class, %settings) {
    my $self = bless {
        heartbeat_interval => $settings{heartbeat_interval} // 1,
        epoch              => undef,
        accounts           => {},
        request            => undef,
        wait               => FIRST_WAIT,
        heard_at           => now(),
        losses             => 0,
        refused            => 0,
        decoder            => Data::MessagePack->new->utf8,
        context            => ZMQ::FFI->new,
    }, $class;
    my $socket = $self->{socket} = $self->{context}->socket(ZMQ_SUB);
    $socket->set(ZMQ_LINGER, 'int', 0);
    $socket->set(ZMQ_RCVHWM, 'int', $settings{high_water_mark} // 0);
    if ($settings{server_key}) {
        $socket->set(ZMQ_CURVE_SERVERKEY, 'string', $settings{server_key});
        $socket->set(ZMQ_CURVE_PUBLICKEY, 'string', $settings{public_key});
        $socket->set(ZMQ_CURVE_SECRETKEY, 'string', $settings{secret_key});
    }
    $socket->subscribe($_) for 'position.update.', 'account.status.', 'bridge.';
    $socket->connect($settings{endpoint});
    $socket->die_on_error(0);    # a timeout is not an error
    $self->request_snapshot;
    return $self;
}

# Receives what has arrived, waiting at most so many seconds for the first message.
sub receive ($self, $seconds) {
    my $socket = $self->{socket};
    $socket->set(ZMQ_RCVTIMEO, 'int', int($seconds * 1000));
    my @frames = $socket->recv_multipart;
    for (1 .. MESSAGES_AT_A_TIME) {
        last unless @frames == 2;
        $self->handle(@frames);
        @frames = $socket->recv_multipart(ZMQ_DONTWAIT);
    }
    $self->handle(@frames) if @frames == 2;
    $self->check_time;
}

# Account name -> its state, including accounts that are not trusted.
sub accounts ($self) { $self->{accounts} }

# "symbol position_side" -> the last position.update of each live open position of the account;
# empty when the account is flat, undef when its positions are unknown.
sub trusted ($self, $name) {
    my $account = $self->{accounts}{$name} or return;
    return unless $account->{is_complete} && ($account->{state} // '') eq 'live';
    return if !$account->{positions} || $self->is_silent;
    my $positions = $account->{positions};
    return { map { $_ => $positions->{$_} }
          grep { $positions->{$_}{state} eq 'live' } keys %$positions };
}

# The number of detected losses, and of messages that could not be read.
sub losses ($self)  { $self->{losses} }
sub refused ($self) { $self->{refused} }

sub is_silent ($self) {
    return now() - $self->{heard_at} > HEARTBEATS_MISSED * $self->{heartbeat_interval};
}

# --- received messages ---------------------------------------------------------------------------

sub handle ($self, $topic, $payload) {
    my $message = eval { $self->{decoder}->unpack($payload) };
    if (ref $message ne 'HASH' || ($message->{v} // '') ne '1') {
        $self->{refused}++;
        return;
    }
    $self->{heard_at} = now();
    my $request = $self->{request};
    if ($request && $request->{has_begun} && $topic ne $request->{topic}) {
        $self->end_request;
        $self->{wait} = FIRST_WAIT;
        $request = undef;
    }
    if (!defined $self->{epoch} || $message->{epoch} != $self->{epoch}) {
        $self->{epoch}    = $message->{epoch};
        $self->{accounts} = {};
        $self->request_snapshot unless $self->{request};
    }
    my $type = $message->{type};
    if ($type eq 'position.update' || $type eq 'account.status') { $self->take($message) }
    elsif ($type eq 'position.snapshot') {
        $self->take_snapshot($message) if $request && $topic eq $request->{topic};
    }
    elsif ($type eq 'bridge.heartbeat') { $self->compare($message) }
    elsif ($type eq 'bridge.shutdown')  { $self->invalidate }
}

sub account ($self, $name) {
    return $self->{accounts}{$name} //= { is_complete => 0, seq => 0 };
}

sub take ($self, $message) {
    my $account = $self->account($message->{account});
    my $number  = $message->{account_seq};
    return if $number <= $account->{seq};    # already in the snapshot
    $self->mark_incomplete($account) if $number > $account->{seq} + 1;
    $account->{seq} = $number;
    my $positions = $account->{positions};
    if ($message->{type} eq 'account.status') {
        $account->{state} = $message->{state};
        $account->{is_complete} = 0 if $account->{state} eq 'live' && !$positions;
    }
    elsif ($positions) {
        my $key = "$message->{symbol} $message->{position_side}";
        if   ($message->{side} eq 'FLAT') { delete $positions->{$key} }
        else                              { $positions->{$key} = $message }
    }
    $self->check;
}

sub take_snapshot ($self, $message) {
    $self->{request}{has_begun} = 1;
    my $account = $self->account($message->{account});
    @$account{qw(collected expected_part)} = ({}, 1) if $message->{part} == 1;
    if (!$account->{collected} || $message->{part} != $account->{expected_part}) {
        $account->{collected} = undef;       # a part was lost
        return;
    }
    $account->{collected}{"$_->{symbol} $_->{position_side}"} = $_
      for @{ $message->{positions} // [] };
    return if $account->{expected_part}++ < $message->{parts};
    # The messages in between were lost.
    $self->mark_incomplete($account) if $message->{account_seq} > $account->{seq};
    $account->{positions} = defined $message->{positions} ? $account->{collected} : undef;
    @$account{qw(seq state is_complete collected)} = (@$message{qw(account_seq state)}, 1, undef);
}

sub compare ($self, $heartbeat) {
    my $numbers = $heartbeat->{accounts};
    for my $name (keys %$numbers) {
        my $account = $self->account($name);
        next if $numbers->{$name} <= $account->{seq};
        $self->mark_incomplete($account);
        $account->{seq} = $numbers->{$name};
    }
    delete $self->{accounts}{$_}
      for grep { !exists $numbers->{$_} } keys %{ $self->{accounts} };
    $self->check;
}

sub mark_incomplete ($self, $account) {
    $self->{losses}++ if $account->{seq} > 0;    # with 0 we have only just joined
    $account->{is_complete} = 0;
}

# The bridge has stopped, or is silent.
sub invalidate ($self) { $_->{is_complete} = 0 for values %{ $self->{accounts} } }

# --- snapshot requests ---------------------------------------------------------------------------

sub check ($self) {
    return if $self->{request};
    $self->request_snapshot if grep { !$_->{is_complete} } values %{ $self->{accounts} };
}

sub request_snapshot ($self) {
    $self->end_request;
    my $wait  = $self->{wait};
    my $topic = 'snapshot.' . unpack('H*', random_bytes(16)) . '.all';
    $self->{request} = { topic => $topic, retry_at => now() + $wait * (1 + rand 0.5), has_begun => 0 };
    $self->{wait} = $wait * 2 < LONGEST_WAIT ? $wait * 2 : LONGEST_WAIT;
    $self->{socket}->subscribe($topic);
}

sub end_request ($self) {
    $self->{socket}->unsubscribe($self->{request}{topic}) if $self->{request};
    $self->{request} = undef;
}

sub check_time ($self) {
    $self->request_snapshot if $self->{request} && now() > $self->{request}{retry_at};
    return unless $self->is_silent;
    $self->invalidate;
    $self->request_snapshot unless $self->{request};
}

sub now { clock_gettime(CLOCK_MONOTONIC) }

sub random_bytes ($count) {
    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!";
    read $random, my $bytes, $count or die "/dev/urandom: $!";
    return $bytes;
}

1;
