/** Highest number of replicas, and so the highest instance number; LAB_REPLICAS in .env.example says the same. */
export const MOST_REPLICAS = 10;
