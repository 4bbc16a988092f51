namespace Tokenry.Protocol; /// <summary>x</summary>
public static class P { }
