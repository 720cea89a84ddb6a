// What the moderators' page needs of age: to open evidence with a key that stays there.

export { Decrypter, identityToRecipient } from 'age-encryption';
