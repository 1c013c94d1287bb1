#pragma once

#include <initializer_list>
#include <memory>
#include <utility>

#include "parley/peer_connection.h"
#include "peer/realm.h"
#include "peer/tasks.h"

namespace parley::peer {

// What the parts of one connection share: the realm, the task queue, the way to the engine and the
// object whose handlers are called.
class Context {
 public:
  Context(std::shared_ptr<Realm> outside, RTCPeerConnection* owner)
      : realm(std::move(outside)), tasks(realm), facade(owner), subject(realm->newSubject()) {}

  // A trace point of this connection; only state changes have one.
  void trace(const char* event, std::initializer_list<Field> fields) const {
    const Realm::Tracing at = realm->tracing();
    if (!at.trace.wants(Topic::peer)) return;
    const TraceScope scope(at.trace, subject);
    at.trace.write(at.now, Topic::peer, event, fields);
  }

  // The first command opens the session.
  void execute(session::Command command) {
    if (!openSession && !session) return;
    if (!session) session = std::exchange(openSession, nullptr)();
    session->execute(std::move(command));
  }

  // "Fire an event" at the connection, as the next task.
  template <class E>
  void fire(EventHandler<E> RTCPeerConnection::* handler, E event) {
    tasks.next([this, handler, event = std::move(event)] {
      if (facade) (facade->*handler)(event);
    });
  }
  // The same at an object that the task keeps alive.
  template <class Object, class Base, class E>
  void fire(const std::shared_ptr<Object>& object, EventHandler<E> Base::* handler, E event) {
    tasks.next([object, handler, event = std::move(event)] { ((*object).*handler)(event); });
  }

  const std::shared_ptr<Realm> realm;
  Tasks tasks;
  RTCPeerConnection* facade;
  const std::uint32_t subject;
  std::move_only_function<std::unique_ptr<session::Port>()> openSession;
  std::unique_ptr<session::Port> session;
};

}  // namespace parley::peer
