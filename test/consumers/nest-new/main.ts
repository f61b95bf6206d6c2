import { signUp } from './sign-up.js';

void signUp().then((result) => console.log(JSON.stringify(result)));
