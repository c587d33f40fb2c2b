/**
 * Well-known services above 1023 that are no web servers, and to which a request could do harm: databases, caches,
 * brokers, control planes, remote desktops, and the ports above 1023 that browsers block (WHATWG Fetch, 2.9).
 */
const otherServices = new Set([
  1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4444,
  5060, 5061, 5432, 5433, 5671, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6380, 6443, 6566, 6665, 6666, 6667,
  6668, 6669, 6679, 6697, 7000, 7001, 8500, 9042, 9092, 9093, 9094, 9200, 9300, 10080, 10250, 10255, 11211,
  15672, 26257, 26379, 27017, 27018, 27019, 50000, 61616,
]);

/** Web servers' ports: 80, 443, and those from 1024 up but the well-known ones of other services. */
export function isPortAllowed(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && !otherServices.has(port));
}
