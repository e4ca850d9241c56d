# crdt/document.capnp as a later release might have it: each struct with one more field.

@0xa60c2f9d7be31854;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("wire_later::state");

struct Stamp {
  requestHigh @0 :UInt64;
  requestLow @1 :UInt64;
  author @2 :Data;  # Data and not Text wherever bytes come from people: no closing zero to check.
  device @3 :Data;
}

struct Leaf {
  dot @0 :UInt64;
  rank @1 :Int64;   # Microseconds since the Unix epoch.
  stamp @2 :UInt32;  # Place in `stamps`.
  path @3 :Data;
  value @4 :Data;
  note @5 :Data;
}

struct Names {
  replicas @0 :List(UInt64);  # None is 0.
  stamps @1 :List(Stamp);     # Ordered by request, then author.
  zones @2 :List(UInt64);
}

struct VersionVector {
  names @0 :Names;
  entries @1 :List(UInt64);
  sum @2 :UInt64;
}

struct Delta {
  names @0 :Names;
  after @1 :List(UInt64);
  advance @2 :List(UInt64);
  written @3 :List(Leaf);
  killed @4 :List(UInt64);
  sum @5 :UInt64;
}

struct Fragment {
  names @0 :Names;
  asker @1 :List(UInt64);
  context @2 :List(UInt64);
  fresh @3 :List(Leaf);
  kept @4 :List(UInt64);
  sum @5 :UInt64;
}

struct Record {
  key @0 :Data;  # Its first octet is the kind.
  value @1 :Data;
  origin @2 :UInt64;
}
