/* service_name: what a service is called whose image is all that is known. Pure. */
#pragma once

#define SERVICE_NAME_SIZE 56 /* with a NUL: containers are called NAME_0.next, and names of hosts have 63 bytes */

/* "registry.example:5000/team/hello-web:2" -> "hello-web"; "web" where nothing of it can be one. */
void service_name_of_image(const char *image, char name[SERVICE_NAME_SIZE]);
