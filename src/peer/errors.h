#pragma once

#include <exception>
#include <string>

#include "channel/channels.h"
#include "jsep/types.h"
#include "parley/dom_exception.h"
#include "session/port.h"

// How the failures of the layers below are told in the words of W3C.

namespace parley::peer {

DOMException typeError(std::string message);
DOMException syntaxError(std::string message);
DOMException invalidState(std::string message);
DOMException invalidAccess(std::string message);
DOMException invalidModification(std::string message);
DOMException operationError(std::string message);
DOMException closedError();  // InvalidStateError: the connection is closed

std::exception_ptr errorOf(const jsep::Failure& failure);
RTCError errorOf(const channel::CloseError& error);
RTCError errorOf(const session::DtlsStateChanged& failed);

}  // namespace parley::peer
