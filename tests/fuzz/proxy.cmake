selfless_fuzz(proxy_request selfless_proxy SOURCES fuzz_proxy.c)
selfless_fuzz(proxy_response selfless_proxy SOURCES fuzz_proxy.c)
selfless_fuzz(route selfless_proxy)
selfless_fuzz(config selfless_config)
