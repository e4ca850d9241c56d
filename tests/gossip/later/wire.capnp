# gossip/wire.capnp as a later release might have it: each struct of today's with one more field,
# and a message that nobody knows yet. A field that comes to gossip/wire.capnp comes here, too.

@0x93d5e07fb41c286a;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("wire_later::link");

struct Cursor {
  run @0 :UInt64;
  seq @1 :UInt64;
  epoch @2 :UInt64;
}

struct Record {
  key @0 :Data;
  value @1 :Data;
  origin @2 :Data;
}

struct DocumentHash {
  key @0 :Data;
  hash @1 :UInt64;  # Of its context.
  size @2 :UInt64;
}

struct DocumentContext {
  key @0 :Data;
  context @1 :Data;
  size @2 :UInt64;
}

struct News {
  member @0 :UInt64;
  incarnation @1 :UInt64;  # Not 0.
  by @2 :UInt64;
  state @3 :UInt8;  # 0 alive, 1 suspect, 2 dead.
  reason @4 :Data;
}

struct Message {
  union {
    hello :group {
      version @0 :UInt16;
      run @1 :UInt64;
      head @2 :UInt64;
      name @3 :Data;
      letter @36 :UInt8;  # 'a' to 'z'; 0 where it was not said.
      keepDays @39 :UInt16;  # 0 where it was not said.
      zone @41 :Data;
    }
    resume :group {
      scan @4 :UInt32;
      cursor @5 :Cursor;
      offersMax @37 :UInt8;  # 0: one.
      holds @40 :UInt64;  # 0: not said.
      size @42 :UInt64;
    }
    linked :group {
      runs @6 :List(UInt64);
      catchingUp @26 :Bool;
      zones @43 :List(UInt64);
    }
    offer :group {
      scan @7 :UInt32;
      from @8 :UInt64;
      to @9 :UInt64;
      tail @10 :Bool;
      sources @11 :List(Cursor);
      documents @12 :List(DocumentHash);
      records @13 :List(Data);
      sum @44 :UInt64;
    }
    expand :group {
      scan @14 :UInt32;
      from @38 :UInt64;  # Not said where offers come one at a time.
      size @45 :UInt32;
    }
    resolved :group {
      scan @15 :UInt32;
      to @16 :UInt64;
      sum @46 :UInt64;
    }
    want :group {
      documents @17 :List(DocumentContext);
      records @18 :List(Data);
      size @47 :UInt32;
    }
    fragment :group {
      key @19 :Data;
      index @20 :UInt32;
      last @21 :Bool;
      bytes @22 :Data;
      sum @48 :UInt64;
    }
    records :group {
      records @23 :List(Record);
      sum @49 :UInt64;
    }
    ping @24 :Void;
    pong @25 :Void;
    lacking :group {
      documents @27 :List(Data);
      records @28 :List(Data);
      reason @50 :Data;
    }
    swim :group {
      kind @29 :UInt8;  # 0 probe, 1 ack, 2 probe for, 3 nack, 4 news, 5 view.
      number @30 :UInt32;
      target @31 :UInt64;
      incarnation @32 :UInt64;  # Not 0.
      ready @33 :Bool;
      view @34 :UInt32;
      news @35 :List(News);
      load @51 :UInt16;
    }
    farewell @52 :Void;
  }
}
