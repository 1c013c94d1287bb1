#pragma once

#include <cstddef>

// The few functions of libuv that the addon calls. Node exports them, and their binary interface
// is stable for all of libuv 1.x, so that no header of a particular Node is needed to build.

extern "C" {
struct uv_loop_s;
struct uv_async_s;
struct uv_handle_s;

int uv_async_init(uv_loop_s* loop, uv_async_s* async, void (*callback)(uv_async_s*));
int uv_async_send(uv_async_s* async);
void uv_close(uv_handle_s* handle, void (*callback)(uv_handle_s*));
void uv_ref(uv_handle_s* handle);
void uv_unref(uv_handle_s* handle);
size_t uv_handle_size(int type);
void* uv_handle_get_data(const uv_handle_s* handle);
void uv_handle_set_data(uv_handle_s* handle, void* data);
}

namespace parley::node {

inline constexpr int kUvAsync = 1;  // UV_ASYNC

}  // namespace parley::node
