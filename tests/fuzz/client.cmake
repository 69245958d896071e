selfless_fuzz(sse selfless_client)
