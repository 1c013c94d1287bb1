#pragma once

// Everything of Parley's C++ interface. parley/asio.h is apart, because it needs Boost.Asio.

#include "parley/certificate.h"
#include "parley/configuration.h"
#include "parley/data_channel.h"
#include "parley/dom_exception.h"
#include "parley/event.h"
#include "parley/ice_candidate.h"
#include "parley/names.h"
#include "parley/peer_connection.h"
#include "parley/promise.h"
#include "parley/runtime.h"
#include "parley/session_description.h"
#include "parley/tcp_mux.h"
#include "parley/transports.h"
#include "parley/udp_mux.h"
#include "parley/version.h"
