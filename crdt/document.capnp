# What crdt/ sends and stores. crdt/codec.h encodes and judges it.
#
# Rule     a field of version 1 keeps its number and its meaning for ever; new ones are added
#          behind.
# Shape    every message begins with the ids that it names, once each and in ascending order; the
#          rest refers to them by place. A dot is one word: the replica's place in `replicas` in its
#          upper 16 bits, the counter in its lower 48. A list of dots ascends, so it is in order of
#          (replica, counter) and holds none twice. A version vector is a list of dots of which each
#          covers those before it of the same replica.
# Size     the bounds are in crdt/codec.h.

@0xc4d5a1b06fe23987;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("crdt::wire");

struct Stamp {
  requestHigh @0 :UInt64;
  requestLow @1 :UInt64;
  author @2 :Data;  # Data and not Text wherever bytes come from people: no closing zero to check.
}

struct Leaf {
  dot @0 :UInt64;
  rank @1 :Int64;   # Microseconds since the Unix epoch.
  stamp @2 :UInt32;  # Place in `stamps`.
  path @3 :Data;
  value @4 :Data;
}

struct Names {
  replicas @0 :List(UInt64);  # None is 0.
  stamps @1 :List(Stamp);     # Ordered by request, then author.
}

struct VersionVector {
  names @0 :Names;
  entries @1 :List(UInt64);
}

struct Delta {
  names @0 :Names;
  after @1 :List(UInt64);
  advance @2 :List(UInt64);
  written @3 :List(Leaf);
  killed @4 :List(UInt64);
}

struct Fragment {
  names @0 :Names;
  asker @1 :List(UInt64);
  context @2 :List(UInt64);
  fresh @3 :List(Leaf);
  kept @4 :List(UInt64);
}

struct Record {
  key @0 :Data;  # Its first octet is the kind.
  value @1 :Data;
}
