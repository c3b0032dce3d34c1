import { z } from 'zod';

/** The seed's body of `POST /auth/login`. */
export const LoginSchema = z.strictObject({ username: z.string(), password: z.string() }).meta({ id: 'Login' });

/** The seed's answer of `POST /auth/login`. */
export const TokenSchema = z.object({ token: z.string(), expires_at: z.iso.datetime() }).meta({ id: 'Token' });
