// What Swift cannot do itself: the kernel's packet ring (Documentation/networking/packet_mmap.rst) lies behind macros, unions
// and a flag that needs an atomic load. Imported by `Capture` alone.
#ifndef FARWATCH_CCAPTURE_H
#define FARWATCH_CCAPTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

// A packet in a block of the ring.
struct farwatch_ring_packet {
    const uint8_t *bytes;
    uint32_t captured;
    uint32_t original;
    uint64_t timestamp_ns;     // Since the epoch.
    uint32_t next_offset;      // From this packet's header to the next one's; 0 for the last.
    int32_t interface_index;
    uint16_t protocol;         // EtherType, host order.
    uint16_t hardware;         // ARPHRD_*
    uint8_t is_outgoing;
};

// Sets the ring's version and size. Returns 0, or -1 with errno.
static inline int farwatch_ring_set(int descriptor, uint32_t block_byte_count, uint32_t block_count, uint32_t wait_ms) {
    int version = TPACKET_V3;
    if (setsockopt(descriptor, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0) return -1;
    struct tpacket_req3 request;
    memset(&request, 0, sizeof request);
    request.tp_block_size = block_byte_count;
    request.tp_block_nr = block_count;
    request.tp_frame_size = 2048;
    request.tp_frame_nr = block_byte_count / 2048 * block_count;
    request.tp_retire_blk_tov = wait_ms;
    return setsockopt(descriptor, SOL_PACKET, PACKET_RX_RING, &request, sizeof request);
}

// Lets the kernel drop what the program does not want before it is copied.
static inline int farwatch_filter_set(int descriptor, struct sock_filter *program, uint16_t count) {
    struct sock_fprog filter = {.len = count, .filter = program};
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

// Starts the capture. `interface_index` 0 is every interface.
static inline int farwatch_capture_bind(int descriptor, int interface_index) {
    struct sockaddr_ll address;
    memset(&address, 0, sizeof address);
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = interface_index;
    return bind(descriptor, (struct sockaddr *)&address, sizeof address);
}

static inline int farwatch_promiscuous_set(int descriptor, int interface_index) {
    struct packet_mreq request;
    memset(&request, 0, sizeof request);
    request.mr_ifindex = interface_index;
    request.mr_type = PACKET_MR_PROMISC;
    return setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request);
}

// The hardware type of an interface (ARPHRD_*), or -1 with errno.
static inline int farwatch_hardware_type(int descriptor, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    if (ioctl(descriptor, SIOCGIFHWADDR, &request) != 0) return -1;
    return request.ifr_hwaddr.sa_family;
}

// Packets and drops since the last call. Returns 0, or -1 with errno.
static inline int farwatch_statistics(int descriptor, uint32_t *packets, uint32_t *drops) {
    struct tpacket_stats_v3 statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0) return -1;
    *packets = statistics.tp_packets;
    *drops = statistics.tp_drops;
    return 0;
}

// Whether the block belongs to us. The load pairs with the kernel's store: what it wrote before is seen after.
static inline int farwatch_block_is_ready(const void *block) {
    const struct tpacket_block_desc *description = (const struct tpacket_block_desc *)block;
    return (__atomic_load_n(&description->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0;
}

// Gives the block back to the kernel; nothing of it may be read afterwards.
static inline void farwatch_block_release(void *block) {
    struct tpacket_block_desc *description = (struct tpacket_block_desc *)block;
    __atomic_store_n(&description->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

static inline uint32_t farwatch_block_packet_count(const void *block) {
    return ((const struct tpacket_block_desc *)block)->hdr.bh1.num_pkts;
}

static inline uint32_t farwatch_block_first_offset(const void *block) {
    return ((const struct tpacket_block_desc *)block)->hdr.bh1.offset_to_first_pkt;
}

static inline struct farwatch_ring_packet farwatch_block_packet(const void *block, uint32_t offset) {
    const uint8_t *start = (const uint8_t *)block + offset;
    const struct tpacket3_hdr *header = (const struct tpacket3_hdr *)start;
    const struct sockaddr_ll *address =
        (const struct sockaddr_ll *)(start + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)));
    struct farwatch_ring_packet packet = {
        .bytes = start + header->tp_mac,
        .captured = header->tp_snaplen,
        .original = header->tp_len,
        .timestamp_ns = (uint64_t)header->tp_sec * 1000000000u + header->tp_nsec,
        .next_offset = header->tp_next_offset,
        .interface_index = address->sll_ifindex,
        .protocol = ntohs(address->sll_protocol),
        .hardware = address->sll_hatype,
        .is_outgoing = address->sll_pkttype == PACKET_OUTGOING,
    };
    return packet;
}

#endif
