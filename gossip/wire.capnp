# What peers say to each other. gossip/wire.h encodes and judges it; gossip/message.h explains it.
#
# Rule     a field or message of version 1 keeps its number and meaning for ever; new ones are added
#          behind, and unknown ones are ignored.
# Shape    deltas, fragments and vectors travel as the bytes that crdt/codec.h makes of them.

@0xb1f4d0c2a7e35968;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("gossip::wire");

struct Cursor {
  run @0 :UInt64;
  seq @1 :UInt64;
}

struct Record {
  key @0 :Data;
  value @1 :Data;
}

struct DocumentDelta {
  key @0 :Data;
  delta @1 :Data;
}

struct DocumentHash {
  key @0 :Data;
  hash @1 :UInt64;  # Of its context.
}

struct DocumentContext {
  key @0 :Data;
  context @1 :Data;
}

struct Message {
  union {
    hello :group {
      version @0 :UInt16;
      run @1 :UInt64;
      head @2 :UInt64;
      name @3 :Data;
    }
    resume :group {
      scan @4 :UInt32;
      cursor @5 :Cursor;
    }
    linked :group {
      runs @6 :List(UInt64);
    }
    push :group {
      seq @7 :UInt64;
      firsthand @8 :Bool;
      deltas @9 :List(DocumentDelta);
      records @10 :List(Record);
    }
    pushed :group {
      seqs @11 :List(UInt64);
    }
    offer :group {
      scan @12 :UInt32;
      from @13 :UInt64;
      to @14 :UInt64;
      tail @15 :Bool;
      sources @16 :List(Cursor);
      documents @17 :List(DocumentHash);
      records @18 :List(Data);
    }
    expand :group {
      scan @19 :UInt32;
    }
    resolved :group {
      scan @20 :UInt32;
      to @21 :UInt64;
    }
    want :group {
      documents @22 :List(DocumentContext);
      records @23 :List(Data);
    }
    fragment :group {
      key @24 :Data;
      index @25 :UInt32;
      last @26 :Bool;
      bytes @27 :Data;
    }
    records :group {
      records @28 :List(Record);
    }
    ping @29 :Void;
    pong @30 :Void;
  }
}
