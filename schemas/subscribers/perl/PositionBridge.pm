# The present positions of every account of a position-bridge, kept right as schemas/README.md says.
#
#   my $bridge = PositionBridge->new(endpoint => 'tcp://127.0.0.1:5556');
#   while (1) {
#     $bridge->receive(0.1);                       # take what has come, waiting so many seconds at most
#     my $positions = $bridge->trusted('main');    # undef: not known now
#     say "$_->{symbol} $_->{side} $_->{size}" for values %{ $positions // {} };
#   }
#
# Debian: libzmq-ffi-perl libdata-messagepack-perl. Numbers of a message are strings; read them with
# Math::BigFloat.
package PositionBridge;

use v5.36;
use Data::MessagePack;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use ZMQ::FFI;
use ZMQ::FFI::Constants
  qw(ZMQ_SUB ZMQ_RCVHWM ZMQ_RCVTIMEO ZMQ_DONTWAIT ZMQ_LINGER ZMQ_CURVE_SERVERKEY ZMQ_CURVE_PUBLICKEY
  ZMQ_CURVE_SECRETKEY);

use constant {
    FIRST_WAIT         => 5,     # seconds until a question is asked again
    LONGEST_WAIT       => 60,
    HEARTBEATS_MISSED  => 3,
    MESSAGES_AT_A_TIME => 1000,
};

# endpoint, and if they are not the defaults: heartbeat_interval in seconds, high_water_mark; with an
# encrypted bus server_key, public_key and secret_key, each 40 characters.
sub new ($class, %settings) {
    my $self = bless {
        heartbeat_interval => $settings{heartbeat_interval} // 1,
        epoch              => undef,
        accounts           => {},
        question           => undef,
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
    $socket->die_on_error(0);    # that nothing came is no failure
    $self->ask;
    return $self;
}

# Takes what has come, waiting for the first message for so many seconds at most.
sub receive ($self, $seconds) {
    my $socket = $self->{socket};
    $socket->set(ZMQ_RCVTIMEO, 'int', int($seconds * 1000));
    my @frames = $socket->recv_multipart;
    for (1 .. MESSAGES_AT_A_TIME) {
        last unless @frames == 2;
        $self->hear(@frames);
        @frames = $socket->recv_multipart(ZMQ_DONTWAIT);
    }
    $self->hear(@frames) if @frames == 2;
    $self->look_at_the_clock;
}

# Account names -> what is known of them; of those that are not trusted too.
sub accounts ($self) { $self->{accounts} }

# "symbol position_side" -> the last position.update of each open position of the account, the stale
# ones left out; empty when it is flat, undef when it is not known what it holds.
sub trusted ($self, $name) {
    my $account = $self->{accounts}{$name} or return;
    return unless $account->{is_sound} && ($account->{state} // '') eq 'live';
    return if !$account->{positions} || $self->is_silent;
    my $positions = $account->{positions};
    return { map { $_ => $positions->{$_} }
          grep { $positions->{$_}{state} eq 'live' } keys %$positions };
}

# How often messages of an account were lost, and how many could not be read.
sub losses ($self)  { $self->{losses} }
sub refused ($self) { $self->{refused} }

sub is_silent ($self) {
    return now() - $self->{heard_at} > HEARTBEATS_MISSED * $self->{heartbeat_interval};
}

# --- what is said ----------------------------------------------------------------------------------

sub hear ($self, $topic, $payload) {
    my $message = eval { $self->{decoder}->unpack($payload) };
    if (ref $message ne 'HASH' || ($message->{v} // '') ne '1') {
        $self->{refused}++;
        return;
    }
    $self->{heard_at} = now();
    my $question = $self->{question};
    if ($question && $question->{has_begun} && $topic ne $question->{topic}) {
        $self->end_question;
        $self->{wait} = FIRST_WAIT;
        $question = undef;
    }
    if (!defined $self->{epoch} || $message->{epoch} != $self->{epoch}) {
        $self->{epoch}    = $message->{epoch};
        $self->{accounts} = {};
        $self->ask unless $self->{question};
    }
    my $type = $message->{type};
    if ($type eq 'position.update' || $type eq 'account.status') { $self->take($message) }
    elsif ($type eq 'position.snapshot') {
        $self->take_snapshot($message) if $question && $topic eq $question->{topic};
    }
    elsif ($type eq 'bridge.heartbeat') { $self->compare($message) }
    elsif ($type eq 'bridge.shutdown')  { $self->forget }
}

sub account ($self, $name) {
    return $self->{accounts}{$name} //= { is_sound => 0, seq => 0 };
}

sub take ($self, $message) {
    my $account = $self->account($message->{account});
    my $number  = $message->{account_seq};
    return if $number <= $account->{seq};    # it is in the snapshot
    $self->lose($account) if $number > $account->{seq} + 1;
    $account->{seq} = $number;
    my $positions = $account->{positions};
    if ($message->{type} eq 'account.status') {
        $account->{state} = $message->{state};
        $account->{is_sound} = 0 if $account->{state} eq 'live' && !$positions;
    }
    elsif ($positions) {
        my $key = "$message->{symbol} $message->{position_side}";
        if   ($message->{side} eq 'FLAT') { delete $positions->{$key} }
        else                              { $positions->{$key} = $message }
    }
    $self->look;
}

sub take_snapshot ($self, $message) {
    $self->{question}{has_begun} = 1;
    my $account = $self->account($message->{account});
    @$account{qw(collected expected_part)} = ({}, 1) if $message->{part} == 1;
    if (!$account->{collected} || $message->{part} != $account->{expected_part}) {
        $account->{collected} = undef;       # a part was lost
        return;
    }
    $account->{collected}{"$_->{symbol} $_->{position_side}"} = $_
      for @{ $message->{positions} // [] };
    return if $account->{expected_part}++ < $message->{parts};
    # Those between have not come, and will not.
    $self->lose($account) if $message->{account_seq} > $account->{seq};
    $account->{positions} = defined $message->{positions} ? $account->{collected} : undef;
    @$account{qw(seq state is_sound collected)} = (@$message{qw(account_seq state)}, 1, undef);
}

sub compare ($self, $heartbeat) {
    my $numbers = $heartbeat->{accounts};
    for my $name (keys %$numbers) {
        my $account = $self->account($name);
        next if $numbers->{$name} <= $account->{seq};
        $self->lose($account);
        $account->{seq} = $numbers->{$name};
    }
    delete $self->{accounts}{$_}
      for grep { !exists $numbers->{$_} } keys %{ $self->{accounts} };
    $self->look;
}

sub lose ($self, $account) {
    $self->{losses}++ if $account->{seq} > 0;    # else we have only just come
    $account->{is_sound} = 0;
}

# The bridge has stopped, or nothing is heard of it.
sub forget ($self) { $_->{is_sound} = 0 for values %{ $self->{accounts} } }

# --- what is asked ---------------------------------------------------------------------------------

sub look ($self) {
    return if $self->{question};
    $self->ask if grep { !$_->{is_sound} } values %{ $self->{accounts} };
}

sub ask ($self) {
    $self->end_question;
    my $wait  = $self->{wait};
    my $topic = 'snapshot.' . unpack('H*', random_bytes(16)) . '.all';
    $self->{question} = { topic => $topic, again_at => now() + $wait * (1 + rand 0.5), has_begun => 0 };
    $self->{wait} = $wait * 2 < LONGEST_WAIT ? $wait * 2 : LONGEST_WAIT;
    $self->{socket}->subscribe($topic);
}

sub end_question ($self) {
    $self->{socket}->unsubscribe($self->{question}{topic}) if $self->{question};
    $self->{question} = undef;
}

sub look_at_the_clock ($self) {
    $self->ask if $self->{question} && now() > $self->{question}{again_at};
    return unless $self->is_silent;
    $self->forget;
    $self->ask unless $self->{question};
}

sub now { clock_gettime(CLOCK_MONOTONIC) }

sub random_bytes ($count) {
    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!";
    read $random, my $bytes, $count or die "/dev/urandom: $!";
    return $bytes;
}

1;
